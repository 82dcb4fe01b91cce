/** The page's files, under names that change with their content, so that browsers keep them for good. */
import { ChatError } from "../protos/errors.ts";

/** A file to serve. */
export interface Asset {
  readonly path: string;
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What the page is made of. */
export interface Assets {
  readonly script: Asset;
  readonly style: Asset;
}

const root = new URL("../", import.meta.url);

/** Reads what `deno task bundle` made. Throws FAILED_PRECONDITION if it has not run. */
export async function loadAssets(): Promise<Assets> {
  const [script, style] = await Promise.all([
    load("dist/chat.js", "text/javascript; charset=utf-8"),
    load("islands/style.css", "text/css; charset=utf-8"),
  ]);
  return { script, style };
}

async function load(file: string, type: string): Promise<Asset> {
  try {
    const bytes = await Deno.readFile(new URL(file, root));
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex().slice(0, 12);
    const path = `/assets/${file.replace(/^.*\//, "").replace(".", `-${hash}.`)}`;
    return { path, type, bytes };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new ChatError(
      "FAILED_PRECONDITION",
      `Cannot serve the page: ${file} is missing, run "deno task bundle" first.`,
    );
  }
}
