import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

/** Wide enough for the rooms beside the messages. As in style.css. */
export const wide = "(min-width: 60rem)";

/** Whether the window is such, also when it changes. */
export function useMedia(query: string): boolean {
  const matches = useSignal(matchMedia(query).matches);
  useEffect(() => {
    const media = matchMedia(query);
    const look = () => matches.value = media.matches;
    media.addEventListener("change", look);
    return () => media.removeEventListener("change", look);
  }, [query]);
  return matches.value;
}
