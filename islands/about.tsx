import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { dayDate } from "./clock.ts";
import type { RoomChange } from "./directory.ts";
import type { Session } from "./session.ts";
import { Sheet } from "./sheet.tsx";
import { Topic, topicOf } from "./topic.tsx";

/** What there is to know about a room; whoever made it can change it here. */
export function About({ session, close }: { session: Session; close: () => void }) {
  const field = useRef<HTMLTextAreaElement>(null);
  const problem = useSignal("");
  const { name } = session.room.value;
  const room = session.directory.rooms.value.get(name);
  if (!room) return null;
  const { topic, archived, creator, created, author } = room;
  const isMine = author !== "" && author === session.me.value.id;
  const change = async (to: RoomChange) => {
    problem.value = await session.directory.change(name, to);
    if (!problem.value) close();
  };
  const save = (event: Event) => {
    event.preventDefault();
    change({ topic: topicOf(field.current) });
  };
  return (
    <Sheet label={`About ${name}`} kind="middle" onClose={close}>
      <form class="form" onSubmit={save}>
        <h2>
          <bdi>{name}</bdi>
        </h2>
        <p class="hint">
          {creator
            ? `Made by ${creator} on ${dayDate(Date.parse(created))}`
            : "The room that is always there."}
          {archived && " It is archived: it can only be read."}
        </p>
        {isMine
          ? (
            <>
              <label for="about-topic">What it is for</label>
              <Topic id="about-topic" field={field} value={topic} />
            </>
          )
          : topic && <p class="about-topic" dir="auto">{topic}</p>}
        <p class="problem" role="alert">{problem}</p>
        <div class="form-acts">
          {isMine && (
            <button
              type="button"
              class="second apart"
              onClick={() => change({ archived: !archived })}
            >
              {archived ? "Bring it back" : "Archive it"}
            </button>
          )}
          <button type="button" class="second" onClick={close}>{isMine ? "Cancel" : "Close"}</button>
          {isMine && <button type="submit" class="first">Save</button>}
        </div>
      </form>
    </Sheet>
  );
}
