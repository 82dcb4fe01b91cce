import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Session } from "./session.ts";
import { words } from "./words.ts";

/**
 * The state of the connection, in words: quietly in the bar, or as a strip below it. These are two
 * elements, since one that moved would be a layout shift; what is read aloud is a third, which stays.
 */
export function Status({ session }: { session: Session }) {
  const online = useOnline();
  const connection = session.connection.value;
  const { standing, missing } = session.room.value;
  const stand = { standing: standing.value, missing: missing.value, online, lasts: session.post.lasts.value };
  const { tone, text, until } = words(connection, stand);
  return (
    <>
      <p class="unseen" role="status">{text}</p>
      <div key={tone === "quiet" ? "quiet" : "strip"} class="status" data-tone={tone}>
        <span class="lamp" />
        <span class="status-text" aria-hidden="true">{text}</span>
        {until > 0 && <Countdown until={until} />}
        {(connection.is === "waiting" || connection.is === "ended") && (
          <button
            type="button"
            class="small"
            onClick={() => session.tryNow()}
          >
            Try now
          </button>
        )}
      </div>
    </>
  );
}

/** Not read aloud every second. */
function Countdown({ until }: { until: number }) {
  const now = useSignal(performance.now());
  useEffect(() => {
    const timer = setInterval(() => now.value = performance.now(), 250);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(1, Math.ceil((until - now.value) / 1000));
  return <span class="countdown" aria-hidden="true">Next try in {seconds} s.</span>;
}

function useOnline(): boolean {
  const online = useSignal(navigator.onLine);
  useEffect(() => {
    const look = () => online.value = navigator.onLine;
    addEventListener("online", look);
    addEventListener("offline", look);
    return () => {
      removeEventListener("online", look);
      removeEventListener("offline", look);
    };
  }, []);
  return online.value;
}
