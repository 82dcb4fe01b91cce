/** Who a text mentions. Found once, by the server, so that all readers agree. */
import { byteLength } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";
import { canonicalName } from "./names.ts";

// Not inside a word, such as in an address of e-mail. A name with other characters in it is put in quotes.
const mention =
  /(?<![\p{L}\p{M}\p{N}_.@-])@(?:"([^"\n]{1,64})"|([\p{L}\p{M}\p{N}_](?:[\p{L}\p{M}\p{N}_.-]*[\p{L}\p{M}\p{N}_])?))/gu;

/** A text may call few people in thousands of spellings, and each takes time to be made canonical. */
const spellingsMost = 2 * limits.mentions;

/** Some characters stand for many: U+FDFA is 18 letters. A name that grows so is nobody's. */
const lettersMost = 2 * limits.nameBytes;

/** The canonical names that a text mentions as `@name` or `@"a name"`, each once, in order, at most {@linkcode limits.mentions}. */
export function findMentions(text: string): string[] {
  if (!text.includes("@")) return [];
  const found = new Set<string>();
  const seen = new Set<string>();
  for (const [, quoted, plain] of text.matchAll(mention)) {
    const name = (quoted ?? plain ?? "").trim();
    if (byteLength(name) > limits.nameBytes || seen.has(name)) continue;
    seen.add(name);
    if (name.normalize("NFKC").length > lettersMost) continue;
    found.add(canonicalName(name));
    if (found.size >= limits.mentions || seen.size >= spellingsMost) break;
  }
  found.delete("");
  return [...found];
}
