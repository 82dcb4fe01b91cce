import { useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useLayoutEffect } from "preact/hooks";
import type { Acting } from "./acting.ts";
import { messageAt } from "./conversation.ts";
import { sendOnEnter } from "./enter.ts";
import { Icon } from "./icon.tsx";
import { type Draft, emptyDraft } from "./kept.ts";
import type { OpenRoom } from "./open_room.ts";
import type { Rows } from "./rows.ts";
import { legible, textProblem, textWarning } from "./text.ts";

interface Props {
  acting: Acting;
  room: OpenRoom;
  /** What is shown, so that the last own message is at hand. */
  shown: { current: Rows | null };
  field: RefObject<HTMLTextAreaElement | null>;
  /** Whether to begin in the field. Not on a phone that reloads: its keyboard would jump up. */
  focus: boolean;
}

/** Where the next message is written, or an own one is changed. The draft is never lost: not to a refusal, not to a reload. */
export function Composer(props: Props) {
  const { acting, room, field, focus } = props;
  const { session } = acting;
  const { draft, text, problem, change, send, cancel, press } = useWriting(props);
  useEffect(() => {
    if (focus) field.current?.focus();
    return () => session.stopTyping();
  }, []);
  useLayoutEffect(() => grow(field.current), [text]);
  if (session.directory.rooms.value.get(room.name)?.archived) return <Archived text={text} />;
  const warning = problem ? "" : textWarning(text);
  const verb = draft.edit ? "Save" : "Send";
  return (
    <form class="composer" onSubmit={send}>
      {problem && <p class="problem" role="alert">{problem}</p>}
      <div class="field">
        <Context draft={draft} room={room} cancel={cancel} acting={acting} />
        <label class="unseen" for="text">Message to {room.name}</label>
        <textarea
          id="text"
          ref={field}
          rows={1}
          dir="auto"
          enterkeyhint="send"
          placeholder={draft.edit ? "Change your message" : "Write a message"}
          aria-describedby="context bytes"
          aria-invalid={problem !== ""}
          value={text}
          onInput={({ currentTarget }) => change(currentTarget.value)}
          onBlur={() => session.stopTyping()}
          onKeyDown={press}
        />
        <span id="bytes" class="bytes" data-over={warning.endsWith("long")}>{warning}</span>
        <button
          type="submit"
          class="send"
          aria-label={verb}
          title={`${verb} (Enter). Shift and Enter begins a new line.`}
          aria-disabled={text.trim() === ""}
          onPointerDown={(event) => event.preventDefault()}
        >
          <Icon of={draft.edit ? "check" : "send"} size={20} />
        </button>
      </div>
    </form>
  );
}

/** What is written, and what keys do to it. */
function useWriting({ acting, room, shown, field }: Props) {
  const { session } = acting;
  const { drafts } = session;
  const problem = useSignal("");
  const draft = drafts.of(room.name).value;
  // What was typed since the page was drawn counts.
  const now = () => drafts.of(room.name).peek();
  const change = (to: string) => {
    drafts.write(room.name, to);
    problem.value = "";
    if (!now().edit) session.type(to);
  };
  const send = (event: Event) => {
    event.preventDefault();
    field.current?.focus();
    const { edit, replyTo } = now();
    const words = textOf(now()).trimEnd();
    problem.value = textProblem(words) || emptyProblem(words, now());
    if (problem.value || words === "") return;
    session.stopTyping();
    if (edit) saveEdit(acting, { ...edit, text: words });
    else session.post.act(room.name, { is: "send", text: words, replyTo });
    drafts.change(room.name, edit ? { edit: null } : emptyDraft);
  };
  const cancel = () => drafts.change(room.name, now().edit ? { edit: null } : { replyTo: 0 });
  const press = (event: KeyboardEvent) => {
    const bare = textOf(now()) === "" && now().replyTo === 0;
    if (event.key === "Escape") cancel();
    else if (event.key === "ArrowUp" && bare && acting.editLast(shown.current)) event.preventDefault();
    else sendOnEnter(event);
  };
  return { draft, text: textOf(draft), problem: problem.value, change, send, cancel, press };
}

/** What was being written when the room was archived stays, and can be copied. */
function Archived({ text }: { text: string }) {
  return (
    <div class="composer">
      <p class="note archive">
        <Icon of="archive" size={16} /> This room is archived: it can only be read.
      </p>
      {text && (
        <div class="field">
          <textarea aria-label="What you had written" rows={1} dir="auto" readOnly value={text} />
        </div>
      )}
    </div>
  );
}

/** What the text is for, if it is not just the next message. */
function Context(
  { draft: { edit, replyTo }, room, cancel, acting }: {
    draft: Draft;
    room: OpenRoom;
    cancel: () => void;
    acting: Acting;
  },
) {
  if (!edit && replyTo === 0) return null;
  const original = messageAt(room.conversation.value, replyTo);
  return (
    <div id="context" class="context">
      <Icon of={edit ? "pencil" : "reply"} size={16} />
      {edit
        ? <span class="context-text">Changing your message</span>
        : (
          <button type="button" class="context-text" onClick={() => acting.jump(replyTo)}>
            Replying to <bdi class="context-who">{original?.sender ?? "an earlier message"}</bdi>{" "}
            <span dir="auto">{legible(original?.text ?? "").slice(0, 200)}</span>
          </button>
        )}
      <button type="button" class="plain" aria-label="Cancel" title="Cancel (Escape)" onClick={cancel}>
        <Icon of="close" size={16} />
      </button>
    </div>
  );
}

function textOf({ edit, text }: Draft): string {
  return edit?.text ?? text;
}

function saveEdit({ session }: Acting, { target, text }: { target: number; text: string }): void {
  const room = session.room.value;
  const going = session.post.outbox.value.items.some(({ act }) => act.is === "edit" && act.target === target);
  if (!going && messageAt(room.conversation.value, target)?.text === text) return;
  session.post.act(room.name, { is: "edit", target, text });
  session.tell("Message changed.");
}

function emptyProblem(words: string, { edit }: Draft): string {
  return edit && words === "" ? "Cannot save: the text is empty, write something or delete the message." : "";
}

/** For browsers without `field-sizing`. */
function grow(field: HTMLTextAreaElement | null): void {
  if (!field || CSS.supports("field-sizing", "content")) return;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}
