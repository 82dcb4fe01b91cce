import { useRef } from "preact/hooks";
import { Composer } from "./composer.tsx";
import { Icon } from "./icon.tsx";
import { Messages } from "./messages.tsx";
import { room, type Session } from "./session.ts";
import { Status } from "./status.tsx";

/** The room: who and where, how things stand, what was said, and what to say. */
export function Room({ session, focus }: { session: Session; focus: boolean }) {
  const field = useRef<HTMLTextAreaElement>(null);
  const toField = () => field.current?.focus();
  return (
    <div class="room" onKeyDown={(event) => writeAnywhere(event, toField)}>
      <header class="bar">
        <div class="bar-in">
          <Icon of="mark" size={32} />
          <h1 class="bar-name">{room}</h1>
          <Status session={session} />
          <Me session={session} />
        </div>
      </header>
      <main class="talk">
        <Messages session={session} />
        <Composer session={session} field={field} focus={focus} />
      </main>
    </div>
  );
}

function Me({ session }: { session: Session }) {
  const { me } = session.conversation.value;
  return (
    <div class="me">
      <bdi class="me-name" title={`You are ${me}`}>{me}</bdi>
      <button
        type="button"
        class="plain"
        title="Leave, or choose another name"
        onClick={() => leave(session)}
      >
        <Icon of="leave" size={18} />
        <span>Leave</span>
      </button>
    </div>
  );
}

function leave(session: Session): void {
  const unsure = session.conversation.value.outbox.items.filter(({ fate }) => fate.is !== "stored").length;
  const many = unsure === 1 ? "1 message is" : `${unsure} messages are`;
  if (unsure === 0 || confirm(`${many} not sent yet and will be lost. Leave anyway?`)) session.leave();
}

/** Who begins to write while reading means the field; Escape leads back to it. */
function writeAnywhere(event: KeyboardEvent, toField: () => void): void {
  const inLog = event.target instanceof HTMLElement && event.target.role === "log";
  const writes = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey &&
    !event.altKey;
  if (event.key === "Escape" || (inLog && writes)) toField();
}
