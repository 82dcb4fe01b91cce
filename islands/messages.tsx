import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Bubble } from "./bubble.tsx";
import { dayOf } from "./clock.ts";
import { type Conversation, missing } from "./conversation.ts";
import { Icon } from "./icon.tsx";
import { type Row, rows } from "./rows.ts";
import { room, type Session } from "./session.ts";
import { useBottom } from "./bottom.ts";

/** What was said, and what is on its way. */
export function Messages({ session }: { session: Session }) {
  const list = useRef<HTMLDivElement>(null);
  const conversation = session.conversation.value;
  const today = useToday();
  const { unseen, toBottom } = useBottom(list, conversation);
  const spoken = useSpoken(conversation);
  return (
    <div class="pane">
      <div
        ref={list}
        class="log"
        role="log"
        tabindex={0}
        aria-label={`Messages in ${room}`}
        aria-live={spoken ? "polite" : "off"}
        aria-busy={!spoken}
      >
        <div class="log-in">
          <Beginning conversation={conversation} />
          {rows(conversation, today).map((row) => <RowView key={row.key} row={row} session={session} />)}
        </div>
      </div>
      {unseen > 0 && (
        <button type="button" class="chip" onClick={toBottom}>
          {unseen} new {unseen === 1 ? "message" : "messages"}
          <Icon of="down" size={16} />
        </button>
      )}
    </div>
  );
}

function RowView({ row, session }: { row: Row; session: Session }) {
  if (row.is === "said") return <Bubble said={row} session={session} />;
  return (
    <h2 class="day">
      <span>{row.name}</span>
    </h2>
  );
}

/** What stands above the first message: never more than what is known. */
function Beginning({ conversation }: { conversation: Conversation }) {
  const { cursor, from, messages, outbox, reset } = conversation;
  if (!cursor) return null;
  const empty = missing(conversation) === 0 && messages.length === 0 && outbox.items.length === 0;
  return (
    <>
      {reset && (
        <p class="note" role="alert">
          The history was reset. What you had seen before is gone from the room.
        </p>
      )}
      {empty && (
        <div class="empty">
          <p class="empty-title">It is quiet in here.</p>
          <p>Say hello: whoever joins later will read it too.</p>
        </div>
      )}
      {!empty && (
        <p class="note">{from > 0 ? "Earlier messages are not shown." : `This is where ${room} began.`}</p>
      )}
    </>
  );
}

/** The replay is not read aloud: the log speaks a moment after it has caught up. */
function useSpoken(conversation: Conversation): boolean {
  const spoken = useSignal(false);
  const caughtUp = conversation.cursor !== null && missing(conversation) === 0;
  useEffect(() => {
    if (!caughtUp) {
      spoken.value = false;
      return;
    }
    const timer = setTimeout(() => spoken.value = true, 500);
    return () => clearTimeout(timer);
  }, [caughtUp]);
  return spoken.value;
}

/** Today, also when midnight passes over an open page. */
function useToday(): number {
  const today = useSignal(dayOf(Date.now()));
  useEffect(() => {
    const timer = setInterval(() => today.value = dayOf(Date.now()), 30_000);
    return () => clearInterval(timer);
  }, []);
  return today.value;
}
