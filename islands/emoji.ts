import { byteLength } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";

/** What people react with most, and what it is called. */
export const common: readonly (readonly [emoji: string, name: string])[] = [
  ["👍", "thumbs up"],
  ["❤️", "heart"],
  ["😂", "tears of joy"],
  ["🎉", "party popper"],
  ["👀", "eyes"],
  ["✅", "check mark"],
  ["🙏", "folded hands"],
  ["🔥", "fire"],
  ["👏", "clapping hands"],
  ["😊", "smile"],
  ["😮", "surprised"],
  ["😢", "crying"],
  ["🤔", "thinking"],
  ["💯", "hundred"],
  ["🚀", "rocket"],
  ["👎", "thumbs down"],
  ["🙌", "raised hands"],
  ["💡", "light bulb"],
  ["☕", "coffee"],
  ["🐛", "bug"],
  ["➕", "plus"],
  ["❌", "cross mark"],
  ["⏳", "hourglass"],
  ["🥳", "party face"],
];

const pictogram = /\p{Extended_Pictographic}|\p{Regional_Indicator}{2}|[0-9#*]\uFE0F?\u20E3/u;

/** The first emoji of what somebody typed; "" if there is none. The server has the last word. */
export function emojiIn(text: string): string {
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (pictogram.test(segment) && byteLength(segment) <= limits.emojiBytes) return segment;
  }
  return "";
}
