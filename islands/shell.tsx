import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { About } from "./about.tsx";
import { Acting, toField } from "./acting.ts";
import { Bar } from "./bar.tsx";
import { Leaving } from "./leaving.tsx";
import { useMedia, wide } from "./media.ts";
import { NewRoom } from "./new_room.tsx";
import { Over } from "./over.tsx";
import { People } from "./people.tsx";
import { addressOf } from "./rooms.ts";
import type { Session } from "./session.ts";
import { Sheet } from "./sheet.tsx";
import { Side } from "./side.tsx";
import { Talk } from "./talk.tsx";

/** What is open beside or over the room. */
export type Panel = "none" | "rooms" | "people" | "new" | "about" | "leaving";

/** The page of somebody who is in: the rooms, the one that is shown, and what is open over it. */
export function Shell({ session, focus }: { session: Session; focus: boolean }) {
  const isWide = useMedia(wide);
  // On a phone that goes to another room the keyboard would jump up.
  const canHover = useMedia("(hover: hover)");
  const panel = useSignal<Panel>("none");
  const acting = useMemo(() => new Acting(session), [session]);
  const room = session.room.value;
  const begins = useRef(focus);
  // What was open belonged to the room before.
  useEffect(() => {
    begins.current = false;
    acting.close();
  }, [room]);
  const open = (what: Panel) => {
    if (what === "rooms" || what === "new") session.directory.refresh();
    panel.value = what;
  };
  const show = (name: string) => {
    panel.value = "none";
    if (name !== session.room.peek().name) history.pushState(null, "", addressOf(name));
    session.show(name);
    if (canHover) toField();
  };
  const showsPeople = isWide && panel.value === "people";
  const parts = { session, isWide, open, show, panel: panel.value };
  return (
    <div class="shell" data-people={showsPeople}>
      {isWide && (
        <aside class="side" aria-label="All rooms">
          <Side session={session} show={show} open={open} />
        </aside>
      )}
      <div class="room">
        <Bar {...parts} />
        <Talk
          key={room.name}
          acting={acting}
          room={room}
          focus={begins.current || canHover}
          open={open}
          show={show}
        />
      </div>
      {showsPeople && (
        <aside class="people" aria-label="People">
          <People key={room.name} session={session} room={room} close={() => open("none")} />
        </aside>
      )}
      <Panels {...parts} />
      <Over acting={acting} />
      <p class="unseen" role="status">{session.said}</p>
    </div>
  );
}

interface Parts {
  session: Session;
  isWide: boolean;
  open: (panel: Panel) => void;
  show: (room: string) => void;
  panel: Panel;
}

/** What is open over the page; beside the room, if there is space for that. */
function Panels({ session, isWide, open, show, panel }: Parts) {
  const room = session.room.value;
  const close = () => open("none");
  switch (panel) {
    case "rooms":
      if (isWide) return null;
      return (
        <Sheet key={panel} label="Rooms" kind="start" onClose={close}>
          <Side session={session} show={show} open={open} />
        </Sheet>
      );
    case "people":
      if (isWide) return null;
      return (
        <Sheet key={panel} label="People" kind="end" onClose={close}>
          <People session={session} room={room} close={close} called={close} />
        </Sheet>
      );
    case "new": {
      const name = room.standing.value.is === "refused" ? room.name : "";
      return <NewRoom key={panel} session={session} name={name} show={show} close={close} />;
    }
    case "about":
      return <About key={panel} session={session} close={close} />;
    case "leaving":
      return <Leaving key={panel} session={session} close={close} />;
    case "none":
      return null;
  }
}
