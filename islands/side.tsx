import { useSignal } from "@preact/signals";
import type { Room__Output } from "../protos/gen/chat/Room.ts";
import { Icon } from "./icon.tsx";
import { unsent } from "./leaving.tsx";
import { badge } from "./reading.ts";
import { addressOf, arranged } from "./rooms.ts";
import { hueOf, initials } from "./sender.ts";
import type { Session } from "./session.ts";
import type { Panel } from "./shell.tsx";

interface Props {
  session: Session;
  show: (room: string) => void;
  open: (panel: Panel) => void;
}

/** With fewer rooms nobody needs to search. */
const searchFrom = 10;
/** Shown at a time; the others are found by searching. */
const mostShown = 200;

/** All rooms, and who one is. */
export function Side({ session, show, open }: Props) {
  const search = useSignal("");
  const rooms = session.directory.rooms.value;
  const found = arranged(rooms, search.value);
  const { name } = session.room.value;
  const shown = search.value !== "" || found.archived.some(({ room }) => room === name);
  const none = found.open.length + found.archived.length === 0;
  return (
    <>
      <div class="side-top">
        <Icon of="mark" size={28} />
        <span class="side-brand">Switchboard</span>
      </div>
      <nav class="side-rooms" aria-label="Rooms">
        <div class="side-head">
          <h2>Rooms</h2>
          <button
            type="button"
            class="plain"
            aria-label="New room"
            title="Make a room"
            onClick={() => open("new")}
          >
            <Icon of="plus" size={18} />
          </button>
        </div>
        {rooms.size >= searchFrom && (
          <input
            class="search"
            type="search"
            aria-label="Find a room"
            placeholder="Find a room"
            value={search}
            onInput={({ currentTarget }) => search.value = currentTarget.value}
          />
        )}
        <RoomList rooms={found.open} session={session} show={show} />
        {found.archived.length > 0 && (
          <details class="archived" open={shown}>
            <summary>
              Archived <span class="side-count">{found.archived.length}</span>
            </summary>
            <RoomList rooms={found.archived} session={session} show={show} />
          </details>
        )}
        {none && rooms.size > 0 && <p class="side-note">No room matches.</p>}
        {!session.directory.whole.value && (
          <p class="side-note">
            There are more rooms than this list holds.
          </p>
        )}
      </nav>
      <Me session={session} open={open} />
    </>
  );
}

function RoomList(
  { rooms, session, show }: { rooms: Room__Output[]; session: Session; show: Props["show"] },
) {
  return (
    <ul class="room-list">
      {rooms.slice(0, mostShown).map((room) => (
        <RoomLink key={room.room} room={room} session={session} show={show} />
      ))}
    </ul>
  );
}

function RoomLink({ room, session, show }: { room: Room__Output; session: Session; show: Props["show"] }) {
  const { room: name, head, read } = room;
  const opened = session.rooms.value.get(name);
  const shown = session.room.value.name === name;
  // Of a room that is not read here, no more is known than how many things happened.
  const count = opened ? opened.unread.value : read > 0 ? Math.max(0, head - read) : 0;
  const news = count > 0 && !shown;
  return (
    <li>
      <a
        class="room-link"
        href={addressOf(name)}
        aria-current={shown ? "page" : undefined}
        data-new={news}
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
          event.preventDefault();
          show(name);
        }}
      >
        <bdi class="room-name">{name}</bdi>
        {news && (
          <span class="badge">
            {badge(count)}
            <span class="unseen">new</span>
          </span>
        )}
      </a>
    </li>
  );
}

function Me({ session, open }: { session: Session; open: Props["open"] }) {
  const { name } = session.me.value;
  return (
    <div class="me">
      <span class="face" data-hue={hueOf(name)} aria-hidden="true">{initials(name)}</span>
      <bdi class="me-name" title={`You are ${name}`}>{name}</bdi>
      <button
        type="button"
        class="plain"
        aria-label="Leave"
        title="Leave, or choose another name"
        onClick={() => unsent(session) > 0 ? open("leaving") : session.leave()}
      >
        <Icon of="leave" size={18} />
      </button>
    </div>
  );
}
