/** A stretch of a message: words, an address that may be followed, or the reader's own name. */
export interface Piece {
  text: string;
  href: string;
  mention?: true;
}

const address = /\bhttps?:\/\/[^\s<>"'`\p{Cc}\p{Cf}]+/giu;
/** As the server finds whom a text mentions: a name in quotes, or of characters that need none. */
const call =
  /(?<![\p{L}\p{M}\p{N}_.@-])@(?:"([^"\n]{1,64})"|([\p{L}\p{M}\p{N}_](?:[\p{L}\p{M}\p{N}_.-]*[\p{L}\p{M}\p{N}_])?))/gu;
const plain = /^[\p{L}\p{M}\p{N}_](?:[\p{L}\p{M}\p{N}_.-]*[\p{L}\p{M}\p{N}_])?$/u;
/** Closes a sentence rather than an address. */
const closing = ".,:;!?'\"*_~]}>…";

/** Cuts a text at its http and https addresses, and where it calls `me`. The pieces joined are the text. */
export function pieces(text: string, me = ""): Piece[] {
  const found = linked(text);
  return me === "" ? found : found.flatMap((piece) => piece.href ? [piece] : called(piece.text, me));
}

function called(text: string, me: string): Piece[] {
  const found: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(call)) {
    const name = match[1] ?? match[2] ?? "";
    if (name.trim().toLowerCase() !== me.toLowerCase()) continue;
    if (match.index > from) found.push({ text: text.slice(from, match.index), href: "" });
    found.push({ text: match[0], href: "", mention: true });
    from = match.index + match[0].length;
  }
  if (from < text.length) found.push({ text: text.slice(from), href: "" });
  return found;
}

function linked(text: string): Piece[] {
  const found: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(address)) {
    const href = withoutTrailing(match[0]);
    if (!URL.canParse(href)) continue;
    if (match.index > from) found.push({ text: text.slice(from, match.index), href: "" });
    found.push({ text: href, href });
    from = match.index + href.length;
  }
  if (from < text.length) found.push({ text: text.slice(from), href: "" });
  return found;
}

/** In one pass from the end: whoever writes 16,000 brackets must not stop the readers' pages. */
function withoutTrailing(found: string): string {
  let surplus = found.split(")").length - found.split("(").length;
  let end = found.length;
  for (; end > 0; end--) {
    const last = found.charAt(end - 1);
    if (last === ")" && surplus > 0) surplus--;
    else if (!closing.includes(last)) break;
  }
  return found.slice(0, end);
}

/** How a text calls somebody; "" for a name that cannot be called. */
export function mentionOf(name: string): string {
  if (plain.test(name)) return `@${name}`;
  return name.includes('"') ? "" : `@"${name}"`;
}
