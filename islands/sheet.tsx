import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

interface Props {
  /** What it is, for those who do not see it. */
  label: string;
  /** Where it comes from: the start or the end of the page, its middle, its bottom, or beside something. */
  kind: "start" | "end" | "middle" | "bottom" | "beside";
  /** What it stands beside. */
  at?: DOMRect;
  onClose: () => void;
  children: ComponentChildren;
}

const gapPx = 8;

/** Something that is over the page until it is closed: by its own buttons, by Escape, or by a press beside it. */
export function Sheet({ label, kind, at, onClose, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const gone = useRef(false);
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    if (element && at) place(element, at);
    // Closed and not only taken away, so that the focus goes back to where it was.
    return () => {
      gone.current = true;
      element?.close();
    };
  }, []);
  useEffect(() => {
    const close = () => at && onClose();
    addEventListener("resize", close);
    return () => removeEventListener("resize", close);
  }, []);
  return (
    <dialog
      ref={dialog}
      class="sheet"
      data-kind={kind}
      aria-label={label}
      onClose={() => gone.current || onClose()}
      onClick={({ target, currentTarget }) => target === currentTarget && onClose()}
    >
      <div class="sheet-in">{children}</div>
    </dialog>
  );
}

/** Above what it belongs to if there is room, else below; never past the window's edges. */
function place(element: HTMLElement, at: DOMRect): void {
  const { width, height } = element.getBoundingClientRect();
  const above = at.top - height - gapPx;
  const top = above >= gapPx ? above : Math.min(at.bottom + gapPx, innerHeight - height - gapPx);
  const left = Math.min(Math.max(gapPx, at.left + at.width / 2 - width / 2), innerWidth - width - gapPx);
  element.style.top = `${Math.max(gapPx, top)}px`;
  element.style.left = `${left}px`;
}
