import type { Acting } from "./acting.ts";
import type { Message } from "./message.ts";
import { hueOf } from "./sender.ts";
import { legible } from "./text.ts";

/** More would not be shown. */
const mostChars = 200;

/** The message that a reply is about. Leads there. */
export function Quote(
  { original, seq, acting }: { original: Message | undefined; seq: number; acting: Acting },
) {
  return (
    <button
      type="button"
      class="quote"
      data-hue={original && hueOf(original.sender)}
      onClick={() => acting.jump(seq)}
    >
      <span class="unseen">In reply to</span>
      {original && <bdi class="quote-who">{original.sender}</bdi>}
      <span class="quote-text" dir="auto">
        {original
          ? legible(original.text).slice(0, mostChars) || "This message was deleted."
          : "An earlier message"}
      </span>
    </button>
  );
}
