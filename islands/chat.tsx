/** The page's one island: the door, and behind it the rooms. */
import { effect } from "@preact/signals";
import { options, render } from "preact";
import type { Principal } from "../protos/events.ts";
import { openDoor } from "./door.ts";
import { loadMe, saveMe } from "./kept.ts";
import { roomOf } from "./rooms.ts";
import { Session } from "./session.ts";
import { Shell } from "./shell.tsx";
import { countUnread } from "./unread.ts";
import { fitViewport } from "./viewport.ts";

/** Once a frame: a burst of messages is one change of the page. A hidden tab has no frames. */
options.debounceRendering = (run) => document.hidden ? setTimeout(run) : requestAnimationFrame(run);

const door = openDoor((me) => {
  saveMe(me);
  enter(me, { byHand: true });
});
const room = find("room");

fitViewport();
if (!room.hidden) enter(loadMe(room.dataset.name ?? ""), { byHand: false });

/** `byHand`: somebody has just come in by the door, and wants to write. */
function enter(me: Principal, { byHand }: { byHand: boolean }): void {
  const session = new Session(me, roomOf(location.pathname));
  const stopCounting = countUnread(session);
  const back = () => session.show(roomOf(location.pathname));
  addEventListener("popstate", back);
  door.shut();
  render(<Shell session={session} focus={byHand || matchMedia("(hover: hover)").matches} />, room);
  room.hidden = false;

  // Not at once: the effect may end itself.
  const stop = effect(() => {
    const state = session.connection.value;
    if (state.is === "rejected") queueMicrotask(() => leave(state.why));
    else if (state.is === "left") queueMicrotask(() => leave(""));
  });

  function leave(why: string): void {
    stop();
    stopCounting();
    removeEventListener("popstate", back);
    render(null, room);
    room.hidden = true;
    door.open(session.me.value.name, why);
  }
}

function find(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`Cannot start the page: it has no "${id}", reload it.`);
  return element;
}
