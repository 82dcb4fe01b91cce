import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { Session } from "./session.ts";
import { Sheet } from "./sheet.tsx";
import { Topic, topicOf } from "./topic.tsx";

interface Props {
  session: Session;
  show: (room: string) => void;
  close: () => void;
  /** The name to begin with. */
  name: string;
}

/** Makes a room. What names are allowed is for the server to say. */
export function NewRoom({ session, name, show, close }: Props) {
  const room = useRef<HTMLInputElement>(null);
  const topic = useRef<HTMLTextAreaElement>(null);
  const problem = useSignal("");
  const busy = useSignal(false);
  const make = async (event: Event) => {
    event.preventDefault();
    if (busy.value) return;
    const wanted = room.current?.value.trim() ?? "";
    busy.value = true;
    problem.value = await session.directory.create(wanted, topicOf(topic.current));
    busy.value = false;
    if (problem.value) room.current?.focus();
    else show(wanted);
  };
  return (
    <Sheet label="New room" kind="middle" onClose={close}>
      <form class="form" onSubmit={make}>
        <h2>New room</h2>
        <label for="room-name">Name</label>
        <input
          id="room-name"
          ref={room}
          defaultValue={name}
          autofocus
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          required
          aria-describedby="room-rule room-problem"
          aria-invalid={problem.value !== ""}
        />
        <p id="room-rule" class="hint">Small letters and digits, with - _ or . between them.</p>
        <label for="room-topic">
          What it is for <span class="hint">(optional)</span>
        </label>
        <Topic id="room-topic" field={topic} value="" />
        <p id="room-problem" class="problem" role="alert">{problem}</p>
        <div class="form-acts">
          <button type="button" class="second" onClick={close}>Cancel</button>
          <button type="submit" class="first" aria-disabled={busy.value}>Make the room</button>
        </div>
      </form>
    </Sheet>
  );
}
