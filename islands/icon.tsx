/** Draws one of the symbols that the server put into the document; see gateway/page.tsx. */
export function Icon({ of, size }: { of: "mark" | "leave" | "send" | "down" | "clock"; size: number }) {
  return (
    <svg class={of === "mark" ? of : "stroke"} width={size} height={size} aria-hidden="true">
      <use href={`#${of}`} />
    </svg>
  );
}
