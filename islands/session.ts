import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Principal, RoomEvent } from "../protos/events.ts";
import type { Room__Output } from "../protos/gen/chat/Room.ts";
import { signOut, whoAmI } from "./account.ts";
import { type Answer, asked, Commands } from "./commands.ts";
import type { Connection } from "./connection.ts";
import { Directory } from "./directory.ts";
import { Drafts } from "./drafts.ts";
import type { Frame } from "./frames.ts";
import { loadVisited, saveMe, saveVisited } from "./kept.ts";
import { Line } from "./line.ts";
import { OpenRoom } from "./open_room.ts";
import { Post } from "./post.ts";
import * as typing from "./typing.ts";

/** Rooms that are read at a time: the ones that were visited last. */
const mostRooms = 8;
/** Names that are asked for at a time. */
const pageNames = 500;

/** One person's stay, from joining to leaving: the rooms that are read, over one connection. */
export class Session {
  readonly drafts = new Drafts();
  readonly directory: Directory;
  readonly post: Post;
  readonly #line: Line;
  readonly #commands: Commands;
  readonly #over = new AbortController();
  readonly #me: Signal<Principal>;
  readonly #rooms: Signal<ReadonlyMap<string, OpenRoom>>;
  readonly #name: Signal<string>;
  readonly #said = signal("");
  #saidAt: typing.SaidAt = 0;

  constructor(me: Principal, room: string) {
    this.#me = signal(me);
    this.#name = signal(room);
    this.#rooms = signal(new Map());
    this.#line = new Line({
      greet: () => this.#greet(),
      hear: (frame) => this.#hear(frame),
      probe: () => this.room.peek().describe(),
      failed: () => this.#ask(),
      changed: (state) => this.#changed(state),
    });
    this.#commands = new Commands((frame) => this.#line.send(frame));
    const isLive = () => this.connection.peek().is === "live";
    this.post = new Post(this.#commands, {
      isLive,
      cursorOf: (name) => this.#rooms.peek().get(name)?.conversation.peek().cursor,
      disowned: (why) => this.#line.happen({ is: "disowned", why }),
    });
    this.directory = new Directory(this.#commands, {
      isLive,
      listed: ({ room, read }) => this.#rooms.peek().get(room)?.known(read),
      over: this.#over.signal,
    });
    this.post.serve(me);
    const visited = loadVisited().filter((name) => name !== room).slice(1 - mostRooms);
    this.#rooms.value = new Map([...visited, room].map((name) => [name, this.#open(name)]));
    saveVisited([...this.#rooms.value.keys()]);
  }

  get connection(): ReadonlySignal<Connection> {
    return this.#line.connection;
  }

  get me(): ReadonlySignal<Principal> {
    return this.#me;
  }

  /** The rooms that are read, the one that is shown last. */
  get rooms(): ReadonlySignal<ReadonlyMap<string, OpenRoom>> {
    return this.#rooms;
  }

  /** The room that is shown. */
  readonly room: ReadonlySignal<OpenRoom> = computed(() => {
    const room = this.#rooms.value.get(this.#name.value);
    if (!room) throw new Error(`Cannot show the room "${this.#name.value}": it is not read.`);
    return room;
  });

  /** What has just been done, for those who do not see it. */
  get said(): ReadonlySignal<string> {
    return this.#said;
  }

  tell(what: string): void {
    // The same words again would not be read aloud again.
    this.#said.value = this.#said.peek() === what ? `${what}\u00A0` : what;
  }

  /** Shows another room; the one before is read on behind it. */
  show(name: string): void {
    const before = this.room.peek();
    if (before.name === name) {
      // It was made meanwhile, perhaps.
      if (before.standing.peek().is === "refused") before.follow();
      return;
    }
    this.stopTyping();
    before.rest();
    const rooms = new Map(this.#rooms.peek());
    const known = rooms.get(name);
    rooms.delete(name);
    const room = known ?? this.#open(name);
    rooms.set(name, room);
    const [oldest] = rooms.values();
    if (rooms.size > mostRooms && oldest) {
      rooms.delete(oldest.name);
      oldest.unfollow();
      const head = oldest.conversation.peek().cursor?.seq ?? 0;
      this.directory.left(oldest.name, { head, read: oldest.marking.peek().read });
    }
    batch(() => {
      this.#rooms.value = rooms;
      this.#name.value = name;
    });
    saveVisited([...rooms.keys()]);
    if (this.connection.peek().is !== "live") return;
    if (known?.standing.peek().is === "here") room.describe();
    else room.follow();
  }

  /** This person writes in the room that is shown, or has stopped. */
  type(text: string): void {
    this.#saying(typing.typed(this.#saidAt, { text, now: performance.now() }));
  }

  stopTyping(): void {
    this.#saying(typing.stop(this.#saidAt));
  }

  /** The first names of who is in the room that is shown; null if nobody can tell now. */
  async who(wanted: number): Promise<string[] | null> {
    const names: string[] = [];
    const room = this.#name.peek();
    for (let more = true; more && names.length < wanted;) {
      const who = { room, after: names.at(-1) ?? "", count: Math.min(pageNames, wanted - names.length) };
      const answer = await asked(this.#commands, { who });
      if (answer.is !== "names") return null;
      names.push(...answer.body.names);
      more = answer.body.names.length === who.count;
    }
    return names;
  }

  /** Connects now instead of after the wait. */
  tryNow(): void {
    this.#line.happen({ is: "nudge", by: "person", now: performance.now() });
  }

  /** Ends the stay; what was not sent is dropped. */
  leave(): void {
    this.post.clear();
    signOut();
    saveMe(null);
    this.#line.happen({ is: "leave" });
  }

  #open(name: string): OpenRoom {
    const ends = {
      moved: (room: OpenRoom, events: readonly RoomEvent[]) => this.#moved(room, events),
      reset: ({ name }: OpenRoom) => this.drafts.detach(name),
      told: (room: Room__Output) => this.#told(room),
      refused: ({ name }: OpenRoom) => this.#forget(name),
      fault: (why: string) =>
        this.#line.happen({ is: "fault", why, now: performance.now(), dice: Math.random() }),
    };
    return new OpenRoom(name, { commands: this.#commands, ends, me: this.#me });
  }

  #greet(): void {
    this.#commands.ask({ open: {} }, (answer) => this.#opened(answer));
  }

  #opened(answer: Answer): void {
    const now = performance.now();
    if (answer.is === "refused") {
      const { retry, message: why } = answer.body;
      return this.#line.happen({ is: "refused", retry, why, now, dice: Math.random() });
    }
    if (answer.is !== "opened") return;
    this.#me.value = answer.body;
    saveMe(answer.body);
    this.post.serve(answer.body);
    this.#line.happen({ is: "opened", now });
  }

  #changed({ is }: Connection): void {
    if (is === "live") return this.#begin();
    // The socket is still the same one.
    if (is === "away") return;
    this.#saidAt = 0;
    this.#commands.lost();
    this.post.lost();
    for (const room of this.#rooms.peek().values()) room.lost();
    if (is === "left" || is === "rejected") this.#over.abort();
  }

  /** Let in: reads the rooms, the one that is shown first. */
  #begin(): void {
    const rooms = [...this.#rooms.peek().values()];
    for (const room of rooms.reverse()) if (room.standing.peek().is !== "here") room.follow();
    this.directory.refresh();
    this.post.flush();
  }

  #hear(frame: Frame): void {
    if (frame.id > 0) return this.#commands.answer(frame);
    switch (frame.is) {
      case "followed":
      case "batch":
      case "roster":
        return this.#rooms.peek().get(frame.body.room)?.hear(frame);
      case "link":
        return this.#line.happen({ is: "link", up: frame.body.up, why: frame.body.message });
      case "parting":
        return this.#line.happen({
          ...frame.body,
          is: "parting",
          why: frame.body.message,
          now: performance.now(),
        });
      case "heartbeat":
        return void this.#line.send({ heartbeat: {} });
    }
  }

  #moved({ name, conversation }: OpenRoom, events: readonly RoomEvent[]): void {
    const { cursor } = conversation.peek();
    if (cursor) this.post.settle(name, { events, cursor });
    for (const { seq, settings } of events) {
      const { topic = "", archived = false } = settings ?? {};
      if (settings) this.directory.settled(name, { topic, archived, seq });
    }
  }

  #told(room: Room__Output): void {
    this.directory.told(room);
    this.#rooms.peek().get(room.room)?.known(room.read);
  }

  /** A room that was visited once is not there any more. */
  #forget(name: string): void {
    if (name === this.#name.peek()) return;
    const rooms = new Map(this.#rooms.peek());
    rooms.delete(name);
    this.#rooms.value = rooms;
    saveVisited([...rooms.keys()]);
  }

  #saying({ saidAt, say }: { saidAt: typing.SaidAt; say: "writing" | "stopped" | null }): void {
    this.#saidAt = saidAt;
    const room = this.#name.peek();
    if (say) this.#commands.ask({ typing: { room, ...(say === "stopped" && { stopped: true }) } });
  }

  /** The socket failed before it opened: perhaps the server does not know this browser any more. */
  async #ask(): Promise<void> {
    const told = await whoAmI();
    if (told.is === "refused") this.#line.happen({ is: "disowned", why: told.why });
  }
}
