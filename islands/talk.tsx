import { useRef } from "preact/hooks";
import type { Acting } from "./acting.ts";
import { Composer } from "./composer.tsx";
import { Messages } from "./messages.tsx";
import type { OpenRoom } from "./open_room.ts";
import type { Rows } from "./rows.ts";
import type { Panel } from "./shell.tsx";
import { Strange } from "./strange.tsx";
import { typingText } from "./typing.ts";

interface Props {
  acting: Acting;
  room: OpenRoom;
  focus: boolean;
  open: (panel: Panel) => void;
  show: (room: string) => void;
}

/** One room: what was said, who writes, and what to say. */
export function Talk({ acting, room, focus, open, show }: Props) {
  const field = useRef<HTMLTextAreaElement>(null);
  const shown = useRef<Rows | null>(null);
  const standing = room.standing.value;
  if (standing.is === "refused") {
    const missing = standing.code === "NOT_FOUND";
    return (
      <main class="talk">
        <div class="empty">
          <p class="empty-title">{missing ? `There is no room “${room.name}”.` : standing.why}</p>
          {missing && <p>You can make it, or go where the others are.</p>}
          <div class="form-acts">
            {missing && <button type="button" class="second" onClick={() => open("new")}>Make it</button>}
            <button type="button" class="first" onClick={() => show("lobby")}>Go to the lobby</button>
          </div>
        </div>
      </main>
    );
  }
  return (
    <main class="talk" onKeyDown={(event) => writeAnywhere(event, () => field.current?.focus())}>
      <Messages acting={acting} room={room} shown={shown} />
      <div class="foot">
        <Strange session={acting.session} />
        <Writing acting={acting} room={room} />
        <Composer acting={acting} room={room} shown={shown} field={field} focus={focus} />
      </div>
    </main>
  );
}

/** Who writes. The line is there also when it is empty, so that nothing moves. */
function Writing({ acting, room }: { acting: Acting; room: OpenRoom }) {
  const text = typingText(room.roster.value?.typing ?? [], acting.session.me.value.name);
  return <p class="writing" aria-live="polite">{text}</p>;
}

/** Who begins to write while reading means the field; Escape leads back to it. */
function writeAnywhere(event: KeyboardEvent, toField: () => void): void {
  const { target } = event;
  const reads = target instanceof HTMLElement &&
    (target.role === "log" || target.matches("[role=log] article"));
  const writes = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey &&
    !event.altKey;
  if (event.key === "Escape" || (reads && writes)) toField();
}
