/** The page's one island: the door, and behind it the room. */
import { effect } from "@preact/signals";
import { options, render } from "preact";
import { openDoor } from "./door.ts";
import { forgetName, rememberName } from "./name.ts";
import { Room } from "./room.tsx";
import { Session } from "./session.ts";
import { countUnread } from "./unread.ts";
import { fitViewport } from "./viewport.ts";

/** A first answer that takes longer is waited for in the room. */
const patienceMs = 800;

/** Once a frame: a burst of messages is one change of the page. A hidden tab has no frames. */
options.debounceRendering = (run) => document.hidden ? setTimeout(run) : requestAnimationFrame(run);

const door = openDoor((name) => enter(name));
const room = find("room");

fitViewport();
if (!room.hidden) enter(room.dataset.name ?? "");

function enter(name: string): void {
  const session = new Session(name);
  const stopCounting = countUnread(session);
  const byHand = room.hidden === true;
  const late = setTimeout(show, patienceMs);
  let shown = false;
  if (!byHand) show();

  // Not at once: the effect may end itself.
  const stop = effect(() => {
    const state = session.connection.value;
    if (state.is === "rejected") queueMicrotask(() => leave(state.why));
    else if (state.is === "left") queueMicrotask(() => leave(""));
    else if (state.is === "live") rememberName(session.conversation.value.me);
    if (state.is !== "connecting") show();
  });

  function show(): void {
    clearTimeout(late);
    const { is } = session.connection.peek();
    if (shown || is === "left" || is === "rejected") return;
    shown = true;
    door.shut();
    render(<Room session={session} focus={byHand || matchMedia("(hover: hover)").matches} />, room);
    room.hidden = false;
  }

  function leave(why: string): void {
    clearTimeout(late);
    stop();
    stopCounting();
    forgetName();
    render(null, room);
    room.hidden = true;
    door.open(session.conversation.value.me, why);
  }
}

function find(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`Cannot start the page: it has no "${id}", reload it.`);
  return element;
}
