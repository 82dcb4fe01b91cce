import { useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

/** Fractions of pixels, and a thumb that is not exact. */
const nearPx = 32;
/** So close to the top, what was said before is asked for. */
const topPx = 800;
/** What is kept to see above the line of what is new. */
const abovePx = 96;

interface Place {
  /** At the end, and to stay there. */
  stuck: boolean;
  /** Whether the list stands where it is to stand at first. */
  begun: boolean;
  /** The first child that is seen, and where it was, for a reader who is above. */
  anchor: { child: HTMLElement; top: number } | null;
  lastSaid: number;
}

/** What the list wants. */
export interface Bottom {
  /** Whether all is there that the first look needs. */
  ready: boolean;
  /** When the last own message was said: own words always lead to the end. */
  lastSaid: number;
  /** The reader is near the top. */
  onTop: () => void;
}

/**
 * Keeps a list at its end for a reader who is there, and what is seen in its place for one who is not. The first
 * look is at the line of what is new. The list has one child that has the rows.
 */
export function useBottom(
  list: RefObject<HTMLElement | null>,
  { ready, lastSaid, onTop }: Bottom,
): { atBottom: boolean; toBottom: () => void } {
  const atBottom = useSignal(false);
  const place = useRef<Place>({ stuck: true, begun: false, anchor: null, lastSaid }).current;
  const top = useRef(onTop);
  top.current = onTop;

  const keep = () => {
    const element = list.current;
    if (!element) return;
    const { anchor, stuck } = place;
    if (stuck) element.scrollTop = element.scrollHeight;
    else if (anchor?.child.isConnected) {
      const moved = anchor.child.offsetTop - anchor.top;
      if (moved !== 0) element.scrollTop += moved;
      anchor.top = anchor.child.offsetTop;
    }
    atBottom.value = stuck && place.begun;
    if (place.begun && element.scrollTop < topPx) top.current();
  };
  const toBottom = () => {
    place.stuck = true;
    keep();
  };
  useLayoutEffect(() => {
    if (lastSaid > place.lastSaid) toBottom();
    place.lastSaid = Math.max(place.lastSaid, lastSaid);
  }, [lastSaid]);
  useLayoutEffect(keep);
  useLayoutEffect(() => {
    if (!ready || place.begun) return;
    place.begun = true;
    const line = list.current?.querySelector<HTMLElement>(".new");
    if (list.current && line && line.offsetTop < list.current.scrollTop) {
      place.stuck = false;
      list.current.scrollTop = line.offsetTop - abovePx;
      place.anchor = anchorOf(list.current);
    }
    keep();
  }, [ready]);

  useEffect(() => {
    const element = list.current;
    if (!element) return;
    const scrolled = () => {
      const below = element.scrollHeight - element.scrollTop - element.clientHeight;
      place.stuck = below <= nearPx;
      place.anchor = place.stuck ? null : anchorOf(element);
      atBottom.value = place.stuck && place.begun;
      if (element.scrollTop < topPx) top.current();
    };
    const resized = new ResizeObserver(keep);
    element.addEventListener("scroll", scrolled, { passive: true });
    resized.observe(element);
    if (element.firstElementChild) resized.observe(element.firstElementChild);
    return () => {
      element.removeEventListener("scroll", scrolled);
      resized.disconnect();
    };
  }, []);
  return { atBottom: atBottom.value, toBottom };
}

/** The first row that is seen, by halving: there may be thousands. */
function anchorOf(list: HTMLElement): Place["anchor"] {
  const rows = list.firstElementChild?.children;
  if (!rows?.length) return null;
  let low = 0;
  let high = rows.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    const row = rows[middle] as HTMLElement;
    if (row.offsetTop + row.offsetHeight <= list.scrollTop) low = middle + 1;
    else high = middle;
  }
  const child = rows[low] as HTMLElement;
  return { child, top: child.offsetTop };
}
