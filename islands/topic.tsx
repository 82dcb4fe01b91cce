import type { RefObject } from "preact";
import { sendOnEnter } from "./enter.ts";

interface Props {
  id: string;
  field: RefObject<HTMLTextAreaElement | null>;
  /** What it begins with. */
  value: string;
}

/** Where a topic is written: one line to the server, as many as need be to the eye. */
export function Topic({ id, field, value }: Props) {
  return (
    <textarea
      id={id}
      ref={field}
      rows={2}
      defaultValue={value}
      autocomplete="off"
      dir="auto"
      onKeyDown={sendOnEnter}
    />
  );
}

/** What was written. */
export function topicOf(field: HTMLTextAreaElement | null): string {
  return field?.value.replace(/\s+/g, " ").trim() ?? "";
}
