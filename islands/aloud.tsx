import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Principal } from "../protos/events.ts";
import { type Conversation, indexFrom } from "./conversation.ts";
import { isBy } from "./rows.ts";

/** More than so many at once are only counted: nobody can listen to them. */
const mostSpoken = 3;
const everyMs = 1_000;
const spokenChars = 300;

/**
 * What others say, read aloud as it comes. The log itself is silent: rows that are drawn because somebody scrolls are
 * nothing new.
 */
export function Aloud(
  { conversation, me, on }: { conversation: Conversation; me: Principal; on: boolean },
) {
  const spoken = useSignal<readonly string[]>([]);
  const latest = useRef({ conversation, me });
  latest.current = { conversation, me };
  const epoch = conversation.cursor?.epoch;
  useEffect(() => {
    if (!on) return;
    let upTo = latest.current.conversation.cursor?.seq ?? 0;
    const timer = setInterval(() => {
      const { conversation, me } = latest.current;
      const texts = toSpeak(conversation, { after: upTo, me });
      upTo = conversation.cursor?.seq ?? 0;
      if (texts.length > 0) spoken.value = texts;
    }, everyMs);
    return () => clearInterval(timer);
  }, [on, epoch]);
  return (
    <div class="unseen" aria-live="polite">
      {spoken.value.map((text) => <p key={text}>{text}</p>)}
    </div>
  );
}

/** What to read aloud of what others said after a place. */
export function toSpeak(
  { lines }: Pick<Conversation, "lines">,
  { after, me }: { after: number; me: Principal },
): string[] {
  const told = lines.slice(indexFrom(lines, after + 1)).flatMap((line) =>
    line.is === "message" && !line.deleted && !isBy(line, me) ? [line] : []
  );
  if (told.length > mostSpoken) return [`${told.length} new messages`];
  return told.map(({ sender, text }) => `${sender}: ${text.slice(0, spokenChars)}`);
}
