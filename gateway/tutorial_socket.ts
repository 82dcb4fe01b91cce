/**
 * The tutorial's door, `/ws/{username}`: `{"message": …}` in, `{"username", "message", "timestamp"}` out, in the
 * lobby, after the last 100; `{"error": …}` whenever something cannot be done.
 */
import * as v from "valibot";
import { beginIn } from "../feed/begin.ts";
import { follow } from "../feed/follow.ts";
import { ChatError } from "../protos/errors.ts";
import { isReadable, lobby, type RoomEvent } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";
import type { Bridge } from "./bridge.ts";
import { parseAs, parseJson } from "./frames.ts";
import type { Person } from "./person.ts";
import type { Socket } from "./socket.ts";
import { tooFast } from "./speed.ts";
import type { Link } from "./upstream.ts";

const said = v.object({ message: v.string() });

/** Serves a tutorial client until its socket is gone. */
export function serveTutorial(socket: Socket, bridge: Bridge, username: string): void {
  let inFlight = 0;
  let person: Person | undefined;

  const tell = (error: unknown) => socket.send(JSON.stringify({ error: socket.known(error).message }));

  const linkChanged = (link: Link) => {
    if (!link.up && link.tried) socket.send(JSON.stringify({ error: link.message }));
  };
  const watcher = { linkChanged };

  const opened = () => {
    const end = (error: unknown) => {
      tell(error);
      socket.close(socket.known(error));
    };
    const here = person = bridge.open({ username }, { ended: end });
    linkChanged(bridge.link);
    bridge.watchLink(watcher);
    here.opened.catch(end);
    readLobby(socket, bridge, here).catch((error) => socket.close(socket.known(error)));
  };

  const heard = (text: string | ChatError) => {
    try {
      if (text instanceof ChatError) throw text;
      const { message } = parseAs(said, parseJson(text), "message");
      if (inFlight >= limits.commandsInFlight) {
        throw new ChatError(
          "RESOURCE_EXHAUSTED",
          "Cannot send the message: too many wait for an answer, send fewer at a time.",
        );
      }
      inFlight++;
      const body = { person: 0, room: lobby, clientId: "", text: message, replyTo: 0 };
      const sent = person?.ask({ is: "send", body });
      socket.run(() => Promise.resolve(sent).then(() => {}, tell).finally(() => inFlight--));
    } catch (error) {
      tell(error);
    }
  };

  const gone = () => {
    person?.close();
    bridge.unwatchLink(watcher);
  };

  socket.listen({ sendsFrames: false, opened, heard, refuse: () => tell(tooFast()), part: tell, gone });
}

async function readLobby(socket: Socket, bridge: Bridge, person: Person): Promise<void> {
  const { signal } = socket;
  // One who is not let in reads nothing; they were told why.
  if (!await person.opened.then(() => true, () => false) || signal.aborted) return;
  const { room, leave } = bridge.enter(lobby, {
    get handle() {
      return person.handle;
    },
    roster: () => {},
    lost: (why) => socket.close(why),
  });
  signal.addEventListener("abort", leave, { once: true });
  while (!signal.aborted) {
    await room.whenCaughtUp({ signal });
    const cursor = await beginIn(room, { replay: "LAST_N", count: limits.replayDefault });
    for await (const { events } of follow(room, cursor, { signal })) {
      for (const event of events) await socket.write(() => encode(room.tail.at(event.seq) ?? event));
    }
  }
}

/** The message as it is when it is sent; undefined for one that was deleted meanwhile, and for all else. */
function encode(event: RoomEvent): string | undefined {
  if (!event.message || !isReadable(event)) return undefined;
  return JSON.stringify({
    username: event.sender,
    message: event.message.text,
    timestamp: event.timestamp,
  });
}
