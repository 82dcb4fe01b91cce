/**
 * Writes the parts of the documents that come from the code: what stands between a `<!-- generated:x -->`
 * and the next `<!-- end -->`. `deno run -A docs/generate.ts` rewrites them; a test compares.
 */
import { errors } from "../protos/errors.ts";
import { limits } from "../protos/limits.ts";
import { settingsMarkdown } from "../runtime/settings.ts";

const root = new URL("../", import.meta.url);

/** The documents that have such parts. */
export const documents: readonly string[] = ["README.md", "docs/reference.md"];

/** Gives a document with its generated parts as they should be. Throws if a part has no source. */
export async function generated(document: string): Promise<string> {
  const text = await Deno.readTextFile(new URL(document, root));
  const parts: Record<string, string> = {
    settings: settingsMarkdown(),
    limits: limitsMarkdown(await Deno.readTextFile(new URL("protos/limits.ts", root))),
    errors: errorsMarkdown(),
  };
  return text.replaceAll(/(<!-- generated:(\w+) -->\n)[^]*?(<!-- end -->)/g, (_, begin, name, end) => {
    const part = parts[name];
    if (part === undefined) throw new Error(`Cannot generate "${name}": there is no such part.`);
    return `${begin}\n${part}\n\n${end}`;
  });
}

/** The reasons are the comments of the table's source, which is where whoever changes a limit reads them. */
function limitsMarkdown(source: string): string {
  const reasons = new Map(
    [...source.matchAll(/\/\*\* (.+) \*\/\n {2}(\w+):/g)].map(([, reason = "", name = ""]) => [name, reason]),
  );
  const rows = Object.entries(limits).map(([name, value]) => {
    const reason = reasons.get(name);
    if (reason === undefined) throw new Error(`Cannot document the limit "${name}": it has no reason.`);
    return [`\`${name}\``, value.toLocaleString("en-US"), reason];
  });
  return table(["limit", "value", "reason"], rows);
}

function errorsMarkdown(): string {
  const rows = Object.entries(errors).map(([code, { grpc, close, retry, hint }]) =>
    [`\`${code}\``, grpc, close, retry ? "yes" : "no", hint].map(String)
  );
  return table(["code", "gRPC status", "close code", "retry", "what to do"], rows);
}

function table(head: string[], rows: string[][]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

if (import.meta.main) {
  for (const document of documents) {
    await Deno.writeTextFile(new URL(document, root), await generated(document));
  }
}
