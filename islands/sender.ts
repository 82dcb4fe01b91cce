/** How a sender is told apart at a glance. The colours themselves are in style.css. */
import { remembered } from "./remembered.ts";

const hues = 12;
/** To make one for each name takes longer than to draw the message. */
const segmenter = new Intl.Segmenter();

/** The same for a name on every page: 0 to 11. */
export const hueOf: (name: string) => number = remembered((name) => {
  let hash = 2_166_136_261;
  for (const char of name) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 16_777_619);
  // The low bits of FNV-1a mix worst.
  return ((hash ^ (hash >>> 15)) >>> 0) % hues;
});

/** One or two letters for a face. */
export const initials: (name: string) => string = remembered((name) => {
  const words = name.split(/[\s\p{P}<>=]+/u).filter((word) => word !== "");
  const first = words[0] ?? "?";
  const last = words.length > 1 ? words[words.length - 1] ?? "" : "";
  return (glyph(first) + glyph(last)).toUpperCase();
});

function glyph(word: string): string {
  const [first] = segmenter.segment(word);
  return first?.segment ?? "";
}
