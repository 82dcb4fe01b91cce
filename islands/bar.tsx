import { Icon } from "./icon.tsx";
import type { Session } from "./session.ts";
import type { Panel } from "./shell.tsx";
import { Status } from "./status.tsx";

interface Props {
  session: Session;
  panel: Panel;
  open: (panel: Panel) => void;
  isWide: boolean;
}

/** Where one is, how things stand, and who else is there. */
export function Bar({ session, panel, open, isWide }: Props) {
  const room = session.room.value;
  const described = session.directory.rooms.value.get(room.name);
  const count = room.roster.value?.count ?? 0;
  const people = panel === "people";
  return (
    <header class="bar">
      <div class="bar-in">
        {!isWide && <Menu session={session} open={open} />}
        <div class="bar-title">
          <h1 class="bar-name">
            <bdi>{room.name}</bdi>
          </h1>
          {described?.topic && <p class="bar-topic" dir="auto" title={described.topic}>{described.topic}</p>}
        </div>
        <Status session={session} />
        <div class="bar-acts">
          {room.standing.value.is !== "refused" && (
            <button
              type="button"
              class="plain"
              aria-label={`About ${room.name}`}
              title="About this room"
              aria-disabled={!described}
              onClick={() => described && open("about")}
            >
              <Icon of="info" size={20} />
            </button>
          )}
          <button
            type="button"
            class="plain count"
            aria-label={`People here: ${count}`}
            aria-expanded={people}
            title="Who is here"
            onClick={() => open(people ? "none" : "people")}
          >
            <Icon of="people" size={20} />
            <span aria-hidden="true">{count || ""}</span>
          </button>
        </div>
      </div>
    </header>
  );
}

/** Leads to the other rooms, and tells that there is something new in them. */
function Menu({ session, open }: { session: Session; open: (panel: Panel) => void }) {
  const shown = session.room.value;
  const news = [...session.rooms.value.values()].some((room) => room !== shown && room.unread.value > 0);
  return (
    <button
      type="button"
      class="plain menu"
      aria-label={news ? "Rooms, with new messages" : "Rooms"}
      title="Rooms"
      onClick={() => open("rooms")}
    >
      <Icon of="menu" size={20} />
      {news && <span class="dot" />}
    </button>
  );
}
