/** A stretch of a message: words, or an address that may be followed. */
export interface Piece {
  text: string;
  href: string;
}

const address = /\bhttps?:\/\/[^\s<>"'`\p{Cc}\p{Cf}]+/giu;
/** Closes a sentence rather than an address. */
const closing = ".,:;!?'\"*_~]}>…";

/** Cuts a text at its http and https addresses. The pieces joined are the text. */
export function pieces(text: string): Piece[] {
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
