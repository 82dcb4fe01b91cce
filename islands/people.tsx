import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { toField } from "./acting.ts";
import { Icon } from "./icon.tsx";
import { mentionOf } from "./links.ts";
import type { OpenRoom } from "./open_room.ts";
import { hueOf, initials } from "./sender.ts";
import type { Session } from "./session.ts";

/** Names that are shown at first, and with each press. */
const pageNames = 100;

interface Props {
  session: Session;
  room: OpenRoom;
  close: () => void;
  /** Somebody was called in what is being written. */
  called?: () => void;
}

/** Who is here. Of a large room the server gives the names by the page. */
export function People({ session, room, close, called }: Props) {
  const roster = room.roster.value;
  const first = useSignal<readonly string[]>([]);
  const wanted = useSignal(pageNames);
  const count = roster?.count ?? 0;
  const large = roster !== null && roster.names.length === 0 && count > 0;
  const names = large ? first.value : roster?.names ?? [];
  useEffect(() => {
    if (large) session.who(wanted.value).then((names) => first.value = names ?? first.value);
  }, [large, roster, wanted.value]);
  const call = (name: string) => {
    session.drafts.add(room.name, `${mentionOf(name)} `, " ");
    called?.();
    toField();
  };
  return (
    <>
      <div class="panel-head">
        <h2>
          Here now <span class="side-count">{count}</span>
        </h2>
        <button type="button" class="plain" aria-label="Close" title="Close" onClick={close}>
          <Icon of="close" size={18} />
        </button>
      </div>
      {!roster && <p class="side-note">Nobody can tell at the moment.</p>}
      <ul class="people-list">
        {names.map((name) => (
          <li key={name}>
            <Someone name={name} isMe={name === session.me.value.name} call={call} />
          </li>
        ))}
      </ul>
      {large && names.length < count && (
        <button
          type="button"
          class="small more"
          onClick={() => wanted.value += pageNames}
        >
          Show more
        </button>
      )}
    </>
  );
}

/** A press calls them in what is being written. */
function Someone({ name, isMe, call }: { name: string; isMe: boolean; call: (name: string) => void }) {
  const who = (
    <>
      <span class="face" data-hue={hueOf(name)} aria-hidden="true">{initials(name)}</span>
      <bdi class="room-name">{name}</bdi>
    </>
  );
  if (isMe || mentionOf(name) === "") {
    return <span class="someone">{who}{isMe && <span class="side-count">you</span>}</span>;
  }
  return (
    <button type="button" class="someone" title={`Mention ${name}`} onClick={() => call(name)}>
      {who}
    </button>
  );
}
