import { useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import type { Acting } from "./acting.ts";
import { Aloud } from "./aloud.tsx";
import { Beginning } from "./beginning.tsx";
import { dayOf } from "./clock.ts";
import type { Line } from "./conversation.ts";
import { guessSize } from "./guess.ts";
import { Icon } from "./icon.tsx";
import type { OpenRoom } from "./open_room.ts";
import { badge } from "./reading.ts";
import { RowView } from "./row.tsx";
import { Rows } from "./rows.ts";
import { Scroller } from "./scroller.ts";
import { step } from "./step.ts";
import type { Span } from "./window.ts";

interface Props {
  acting: Acting;
  room: OpenRoom;
  /** Told what is shown. */
  shown: { current: Rows | null };
}

/** What was said, and what is on its way. */
export function Messages({ acting, room, shown }: Props) {
  const { session } = acting;
  const list = useRef<HTMLDivElement>(null);
  const conversation = room.conversation.value;
  const pending = session.post.outbox.value.items.filter((item) => item.room === room.name);
  const view = { conversation, pending, me: session.me.value, line: room.line.value ?? 0 };
  const rows = shown.current = new Rows(view, useToday());
  const here = conversation.cursor !== null && room.missing.value === 0;
  const late = useLate(here);
  const scroller = useScroller(list, room);
  const spans = scroller.draw(rows);
  // Once it is stored, its time is the server's.
  const lastSaid = pending.findLast(({ act, fate }) => act.is === "send" && fate.is !== "stored")?.at ?? 0;
  useLayoutEffect(() => scroller.drawn({ ready: here && (room.line.value !== null || late), lastSaid }));
  useEffect(() => acting.shows(scroller), [scroller]);
  const atEnd = scroller.atEnd.value;
  useSeen(room, atEnd);
  return (
    <div class="pane">
      <div
        ref={list}
        class="log"
        role="log"
        tabindex={0}
        aria-label={`Messages in ${room.name}`}
        aria-live="off"
        aria-busy={!late}
        onKeyDown={(event) => list.current && step(list.current, { event, scroller })}
      >
        <div class="log-in">
          <Beginning room={room} empty={here && rows.count === 0} conversation={conversation} />
          <Drawn acting={acting} rows={rows} spans={spans} scroller={scroller} />
        </div>
      </div>
      {!atEnd && here && rows.count > 0 && (
        <Below
          unread={room.unread.value}
          toEnd={() => scroller.toEnd()}
        />
      )}
      <Aloud conversation={conversation} me={view.me} on={late} />
    </div>
  );
}

interface DrawnProps {
  acting: Acting;
  rows: Rows;
  spans: readonly Span[];
  scroller: Scroller;
}

/** The rows that are near to be seen. Before each span and behind the last one stands a gap: the scroller counts on it. */
function Drawn({ acting, rows, spans, scroller }: DrawnProps) {
  const { unfolded, unfold } = useUnfolded(scroller);
  const tops = [0, ...spans.map(({ to }) => to)];
  return (
    <div class="rows" data-held={rows.count}>
      {spans.flatMap(({ from, to }, index) => [
        <Gap key={`gap ${index}`} size={scroller.gap(tops[index] ?? 0, from)} />,
        ...rows.slice(from, to).map((row) => (
          <RowView key={row.key} row={row} acting={acting} open={unfolded.has(row.key)} unfold={unfold} />
        )),
      ])}
      <Gap key="gap" size={scroller.gap(tops.at(-1) ?? 0, rows.count)} />
    </div>
  );
}

/** Stands for rows that are not drawn. */
function Gap({ size }: { size: number }) {
  return <div class="gap" style={{ height: `${size}px` }} />;
}

function useScroller(list: RefObject<HTMLDivElement | null>, room: OpenRoom): Scroller {
  const scroller = useMemo(() => {
    const guess = (line: Line, before: Line | undefined) =>
      guessSize(line, { before, wide: list.current?.clientWidth ?? innerWidth });
    return new Scroller(guess, () => room.earlier());
  }, [room]);
  useLayoutEffect(() => list.current ? scroller.attach(list.current) : undefined, [scroller]);
  return scroller;
}

/** Which long texts are shown in full. It outlives the rows, which come and go. */
function useUnfolded(scroller: Scroller) {
  const unfolded = useSignal<ReadonlySet<string>>(new Set());
  const unfold = (key: string) => {
    // Who reads it begins at its top.
    scroller.stay();
    unfolded.value = new Set([...unfolded.value, key]);
  };
  return { unfolded: unfolded.value, unfold };
}

/** Leads to the end; says how much is new there. */
function Below({ unread, toEnd }: { unread: number; toEnd: () => void }) {
  if (unread === 0) {
    return (
      <button
        key="quiet"
        type="button"
        class="chip"
        data-quiet="true"
        aria-label="To the newest message"
        onClick={toEnd}
      >
        <Icon of="down" size={16} />
      </button>
    );
  }
  return (
    <button key="news" type="button" class="chip" onClick={toEnd}>
      <span class="chip-text">{badge(unread)} new {unread === 1 ? "message" : "messages"}</span>
      <Icon of="down" size={16} />
    </button>
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
function useSeen(room: OpenRoom, atEnd: boolean): void {
  useEffect(() => {
    const look = () => {
      if (document.hidden) room.lookAway();
      room.watch(atEnd && !document.hidden);
    };
    room.watch(atEnd && !document.hidden);
    document.addEventListener("visibilitychange", look);
    return () => {
      room.watch(false);
      document.removeEventListener("visibilitychange", look);
    };
  }, [room, atEnd]);
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
