import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
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
  const panel = useSignal<Panel>("none");
  const acting = useMemo(() => new Acting(session), [session]);
  const room = session.room.value;
  const open = (what: Panel) => {
    if (what === "rooms" || what === "new") session.directory.refresh();
    panel.value = what;
  };
  const close = () => panel.value = "none";
  const show = (name: string) => {
    close();
    if (name !== session.room.peek().name) history.pushState(null, "", addressOf(name));
    session.show(name);
    toField();
  };
  // What was open belonged to the room before.
  useEffect(() => acting.close(), [room]);

  const side = <Side session={session} show={show} open={open} />;
  const people = <People key={room.name} session={session} room={room} close={close} />;
  return (
    <div class="shell" data-people={isWide && panel.value === "people"}>
      {isWide && <aside class="side">{side}</aside>}
      <div class="room">
        <Bar session={session} panel={panel.value} open={open} isWide={isWide} />
        <Talk key={room.name} acting={acting} room={room} focus={focus} open={open} show={show} />
      </div>
      {isWide && panel.value === "people" && <aside class="people">{people}</aside>}
      {!isWide && panel.value === "rooms" && (
        <Sheet key="rooms" label="Rooms" kind="start" onClose={close}>{side}</Sheet>
      )}
      {!isWide && panel.value === "people" && (
        <Sheet key="people" label="People" kind="end" onClose={close}>{people}</Sheet>
      )}
      {panel.value === "new" && (
        <NewRoom
          key="new"
          session={session}
          name={room.standing.value.is === "refused" ? room.name : ""}
          show={show}
          close={close}
        />
      )}
      {panel.value === "about" && <About key="about" session={session} close={close} />}
      {panel.value === "leaving" && <Leaving key="leaving" session={session} close={close} />}
      <Over acting={acting} />
      <p class="unseen" role="status">{session.said}</p>
    </div>
  );
}
