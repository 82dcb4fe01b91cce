import { useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useLayoutEffect } from "preact/hooks";
import { Icon } from "./icon.tsx";
import { room, type Session } from "./session.ts";
import { textProblem, textWarning } from "./text.ts";

interface Props {
  session: Session;
  field: RefObject<HTMLTextAreaElement | null>;
  /** Whether to begin in the field. Not on a phone that reloads: its keyboard would jump up. */
  focus: boolean;
}

/** Where the next message is written. The draft is never lost: not to a refusal, not to a reload. */
export function Composer({ session, field, focus }: Props) {
  const { draft } = session;
  const problem = useSignal("");
  useEffect(() => {
    if (focus) field.current?.focus();
  }, []);
  useLayoutEffect(() => grow(field.current), [draft.value]);

  const change = (text: string) => {
    session.write(text);
    problem.value = "";
  };
  const send = (event: Event) => {
    event.preventDefault();
    field.current?.focus();
    const text = draft.value.trimEnd();
    if (text === "") return;
    problem.value = textProblem(text);
    if (problem.value) return;
    session.say(text);
    change("");
  };
  const warning = problem.value ? "" : textWarning(draft.value);
  return (
    <form class="composer" onSubmit={send}>
      {problem.value && <p class="problem" role="alert">{problem}</p>}
      <div class="field">
        <label class="unseen" for="text">Message to {room}</label>
        <textarea
          id="text"
          ref={field}
          rows={1}
          dir="auto"
          enterkeyhint="send"
          placeholder="Write a message"
          aria-describedby="bytes"
          aria-invalid={problem.value !== ""}
          value={draft}
          onInput={({ currentTarget }) => change(currentTarget.value)}
          onKeyDown={sendOnEnter}
        />
        <span id="bytes" class="bytes" data-over={warning.endsWith("long")}>{warning}</span>
        <button
          type="submit"
          class="send"
          aria-label="Send"
          title="Send (Enter). Shift and Enter begins a new line."
          aria-disabled={draft.value.trim() === ""}
          onPointerDown={(event) => event.preventDefault()}
        >
          <Icon of="send" size={20} />
        </button>
      </div>
    </form>
  );
}

/** While an input method composes, Enter belongs to it; Safari tells so only by the key code. */
function sendOnEnter(event: KeyboardEvent): void {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  (event.currentTarget as HTMLTextAreaElement).form?.requestSubmit();
}

/** For browsers without `field-sizing`. */
function grow(field: HTMLTextAreaElement | null): void {
  if (!field || CSS.supports("field-sizing", "content")) return;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}
