/** The symbols that the server put into the document; see gateway/page.tsx. */
export type IconName =
  | "archive"
  | "check"
  | "clock"
  | "close"
  | "copy"
  | "down"
  | "info"
  | "leave"
  | "mark"
  | "menu"
  | "pencil"
  | "people"
  | "plus"
  | "reply"
  | "search"
  | "send"
  | "smile"
  | "trash";

/** Draws a symbol. */
export function Icon({ of, size }: { of: IconName; size: number }) {
  return (
    <svg class={of === "mark" ? of : "stroke"} width={size} height={size} aria-hidden="true">
      <use href={`#${of}`} />
    </svg>
  );
}
