import { type ReadonlySignal, signal } from "@preact/signals";
import type { Room__Output } from "../protos/gen/chat/Room.ts";
import { clientId } from "./client_id.ts";
import { asked, type Command, type Commands, problemOf } from "./commands.ts";
import { left, listed, type Rooms, settled, told } from "./rooms.ts";

/** What may be changed about a room. */
export type RoomChange = { topic: string } | { archived: boolean };

/** What the directory needs to know, and who wants to know. */
export interface DirectoryEnds {
  /** Whether commands may be given now. */
  isLive(): boolean;
  /** A room was listed. */
  listed(room: Room__Output): void;
  readonly over: AbortSignal;
}

/** The list is fetched again this often while somebody looks. */
const everyMs = 60_000;
const pageRooms = 500;
/** More could not be read; those are found by their address. */
const pagesMost = 4;

/** The rooms that there are: the driver of the list. */
export class Directory {
  readonly #commands: Commands;
  readonly #ends: DirectoryEnds;
  readonly #rooms = signal<Rooms>(new Map());
  readonly #whole = signal(true);
  #fetching = false;

  /** Fetches the list now and then, until its end. */
  constructor(commands: Commands, ends: DirectoryEnds) {
    this.#commands = commands;
    this.#ends = ends;
    const look = () => document.hidden || this.refresh();
    const timer = setInterval(look, everyMs);
    ends.over.addEventListener("abort", () => clearInterval(timer));
    addEventListener("focus", look, { signal: ends.over });
  }

  get rooms(): ReadonlySignal<Rooms> {
    return this.#rooms;
  }

  /** Whether the list has all rooms. */
  get whole(): ReadonlySignal<boolean> {
    return this.#whole;
  }

  /** Fetches the list. */
  async refresh(): Promise<void> {
    if (this.#fetching || !this.#ends.isLive()) return;
    this.#fetching = true;
    const list: Room__Output[] = [];
    for (let page = 0; page < pagesMost; page++) {
      const after = list.at(-1)?.room ?? "";
      const answer = await asked(this.#commands, {
        listRooms: { after, count: pageRooms, archived: true },
      });
      if (answer.is !== "rooms") break;
      list.push(...answer.body);
      if (answer.body.length === pageRooms && page < pagesMost - 1) continue;
      this.#whole.value = answer.body.length < pageRooms;
      this.#rooms.value = listed(this.#rooms.value, list);
      for (const room of list) this.#ends.listed(room);
      break;
    }
    this.#fetching = false;
  }

  told(room: Room__Output): void {
    this.#rooms.value = told(this.#rooms.value, room);
  }

  /** A room's settings were seen to change. */
  settled(name: string, settings: { topic: string; archived: boolean; seq: number }): void {
    this.#rooms.value = settled(this.#rooms.value, name, settings);
  }

  /** A room is read no longer: from here on what is known of it is what was read, and the list. */
  left(name: string, place: { head: number; read: number }): void {
    this.#rooms.value = left(this.#rooms.value, name, place);
  }

  /** Makes a room; resolves with why not, or "". */
  create(room: string, topic: string): Promise<string> {
    return this.#ask({ createRoom: { room, topic, clientId: clientId() } }, "make the room");
  }

  /** Changes a room that this person made; resolves with why not, or "". */
  change(room: string, change: RoomChange): Promise<string> {
    return this.#ask({ changeRoom: { room, clientId: clientId(), ...change } }, "change the room");
  }

  async #ask(command: Command, act: string): Promise<string> {
    const answer = await asked(this.#commands, command);
    if (answer.is === "room") this.told(answer.body);
    return problemOf(answer, act);
  }
}
