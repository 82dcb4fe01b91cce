import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Acting } from "./acting.ts";
import { useBottom } from "./bottom.ts";
import { Bubble } from "./bubble.tsx";
import { dayOf } from "./clock.ts";
import { type Conversation, hasEarlier, missing } from "./conversation.ts";
import { FailedAct } from "./failed.tsx";
import { Icon } from "./icon.tsx";
import type { OpenRoom } from "./open_room.ts";
import { badge } from "./reading.ts";
import { type Row, rows, type Said } from "./rows.ts";
import { step } from "./step.ts";

interface Props {
  acting: Acting;
  room: OpenRoom;
  /** Told what is shown. */
  said: { current: readonly Said[] };
}

/** What was said, and what is on its way. */
export function Messages({ acting, room, said }: Props) {
  const { session } = acting;
  const list = useRef<HTMLDivElement>(null);
  const conversation = room.conversation.value;
  const pending = session.post.outbox.value.items.filter((item) => item.room === room.name);
  const view = { conversation, pending, me: session.me.value, line: room.line.value ?? 0 };
  const shown = rows(view, useToday());
  said.current = shown.filter((row) => row.is === "said");
  const here = conversation.cursor !== null && missing(conversation) === 0;
  const spoken = useLate(here);
  // Once it is stored, its time is the server's.
  const lastSaid = pending.findLast(({ act, fate }) => act.is === "send" && fate.is !== "stored")?.at ?? 0;
  const { atBottom, toBottom } = useBottom(list, {
    ready: here && (room.line.value !== null || spoken),
    lastSaid,
    onTop: () => room.earlier(),
  });
  useSeen(room, atBottom);
  const unread = atBottom ? 0 : room.unread.value;
  return (
    <div class="pane">
      <div
        ref={list}
        class="log"
        role="log"
        tabindex={0}
        aria-label={`Messages in ${room.name}`}
        aria-live={spoken ? "polite" : "off"}
        aria-busy={!spoken}
        onKeyDown={(event) => list.current && step(list.current, event)}
      >
        <div class="log-in">
          <Beginning room={room} empty={here && shown.length === 0} conversation={conversation} />
          {shown.map((row) => <RowView key={row.key} row={row} acting={acting} />)}
        </div>
      </div>
      {!atBottom && here && shown.length > 0 && <Below unread={unread} toBottom={toBottom} />}
    </div>
  );
}

function RowView({ row, acting }: { row: Row; acting: Acting }) {
  switch (row.is) {
    case "said":
      return <Bubble said={row} acting={acting} />;
    case "notice":
      return <p class="note notice" dir="auto">{row.text}</p>;
    case "new":
      return <p class="new" role="separator">New since you left</p>;
    case "stray":
      return <FailedAct pending={row.pending} acting={acting} />;
    case "day":
      return (
        <h2 class="day">
          <span>{row.name}</span>
        </h2>
      );
  }
}

/** Leads to the end; says how much is new there. */
function Below({ unread, toBottom }: { unread: number; toBottom: () => void }) {
  if (unread === 0) {
    return (
      <button
        key="quiet"
        type="button"
        class="chip"
        data-quiet="true"
        aria-label="To the newest message"
        onClick={toBottom}
      >
        <Icon of="down" size={16} />
      </button>
    );
  }
  return (
    <button key="news" type="button" class="chip" onClick={toBottom}>
      <span class="chip-text">{badge(unread)} new {unread === 1 ? "message" : "messages"}</span>
      <Icon of="down" size={16} />
    </button>
  );
}

/** What stands above the first message: never more than what is known. */
function Beginning(
  { room, conversation, empty }: { room: OpenRoom; conversation: Conversation; empty: boolean },
) {
  const { cursor, from, reset } = conversation;
  if (!cursor) return null;
  const earlier = hasEarlier(conversation);
  const loading = room.loading.value;
  return (
    <div class="beginning">
      {empty && (
        <div class="empty">
          <p class="empty-title">It is quiet in here.</p>
          <p>Say hello: whoever joins later will read it too.</p>
        </div>
      )}
      {!empty && (
        <div class="note">
          {earlier && (
            <button
              type="button"
              class="small"
              aria-disabled={loading}
              onClick={() => room.earlier()}
            >
              {loading ? "Loading…" : "Show earlier messages"}
            </button>
          )}
          {!earlier && (from > 0 ? "Earlier messages are not shown." : `This is where ${room.name} began.`)}
        </div>
      )}
      {reset && (
        <p class="note" role="alert">
          The history was reset. What you had seen before is gone from the room.
        </p>
      )}
    </div>
  );
}

/** True a moment after: the replay is not read aloud, and what takes long is not waited for. */
function useLate(is: boolean): boolean {
  const late = useSignal(false);
  useEffect(() => {
    if (!is) {
      late.value = false;
      return;
    }
    const timer = setTimeout(() => late.value = true, 500);
    return () => clearTimeout(timer);
  }, [is]);
  return late.value;
}

/** Whoever looks at the end has seen what is there. */
function useSeen(room: OpenRoom, atBottom: boolean): void {
  const cursor = room.conversation.value.cursor?.seq;
  useEffect(() => {
    const look = () => document.hidden ? room.lookAway() : atBottom && room.seen();
    if (atBottom && !document.hidden) room.seen();
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, [room, atBottom, cursor]);
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
