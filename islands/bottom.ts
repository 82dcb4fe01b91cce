import { useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Conversation } from "./conversation.ts";

/** Fractions of pixels, and a thumb that is not exact. */
const nearPx = 32;

/**
 * Keeps a list at its end for a reader who is there, and leaves one alone who is not. Own words always
 * lead to the end. `unseen` counts what others said below.
 */
export function useBottom(
  list: RefObject<HTMLElement | null>,
  { cursor, messages, outbox, me }: Conversation,
): { unseen: number; toBottom: () => void } {
  const unseen = useSignal(0);
  const place = useRef({ stuck: true, seen: 0, newest: 0, lastSaid: "" }).current;
  place.newest = cursor?.seq ?? 0;

  const look = () => {
    if (place.stuck || place.seen > place.newest) place.seen = place.newest;
    unseen.value = messages.filter(({ seq, sender }) => seq > place.seen && sender !== me).length;
  };
  const toBottom = () => {
    place.stuck = true;
    list.current?.scrollTo({ top: list.current.scrollHeight });
    look();
  };
  useLayoutEffect(() => {
    const said = outbox.items.at(-1)?.clientId ?? "";
    if (place.stuck || (said !== "" && said !== place.lastSaid)) toBottom();
    place.lastSaid = said;
    look();
  }, [messages, outbox.items]);

  useEffect(() => {
    const element = list.current;
    if (!element) return;
    const scrolled = () => {
      const below = element.scrollHeight - element.scrollTop - element.clientHeight;
      place.stuck = below <= nearPx;
      if (place.stuck) {
        place.seen = place.newest;
        unseen.value = 0;
      }
    };
    const resized = new ResizeObserver(() => place.stuck && element.scrollTo({ top: element.scrollHeight }));
    element.addEventListener("scroll", scrolled, { passive: true });
    resized.observe(element);
    return () => {
      element.removeEventListener("scroll", scrolled);
      resized.disconnect();
    };
  }, []);
  return { unseen: unseen.value, toBottom };
}
