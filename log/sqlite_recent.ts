/**
 * What was committed last: those who follow the log, and whoever writes next, need not read it from the file again. At
 * ten messages a second that was a fifth of what one cost the serving thread.
 */
import type { LogRecord, RoomRecord } from "../chat/log.ts";
import type { RoomEvent } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";
import type { Group, Written } from "./sqlite_writer.ts";

/** The last group, and rooms that were asked for. */
export class Recent {
  #records: readonly LogRecord[] = [];
  /** Where the log ends; not known before the first commit. */
  #newest: number | undefined;
  readonly #rooms = new Map<string, RoomRecord>();

  /** Takes what became of a group. */
  committed({ appends }: Group, results: readonly Written[]): void {
    const stored = appends.flatMap(({ room, events }, i) => {
      const result = results[i];
      return result?.kind === "appended" ? [{ room, events, after: result.position - events.length }] : [];
    });
    for (const { room, events, after } of stored) {
      this.#meet(room, events);
      this.#newest = after + events.length;
    }
    // What an edit or a deletion makes of the events before it is read from the file.
    const isRevised = stored.some(({ events }) => events.some(({ edited, deleted }) => edited || deleted));
    this.#records = isRevised
      ? []
      : stored.flatMap(({ room, events, after }) =>
        events.map((event, i) => ({ position: after + 1 + i, room, event }))
      );
  }

  /** The records right after a position, if they are the last ones; none if there are none. Undefined if that is not known. */
  after(position: number): readonly LogRecord[] | undefined {
    if (position === this.#newest) return [];
    return this.#records[0]?.position === position + 1 ? this.#records : undefined;
  }

  /** A room, read if it is not known. */
  room(name: string, read: () => RoomRecord | undefined): RoomRecord | undefined {
    const known = this.#rooms.get(name);
    if (known) return known;
    const found = read();
    if (!found) return undefined;
    for (const oldest of this.#rooms.keys()) {
      if (this.#rooms.size < limits.rooms) break;
      this.#rooms.delete(oldest);
    }
    this.#rooms.set(name, found);
    return found;
  }

  #meet(room: string, events: readonly RoomEvent[]): void {
    const known = this.#rooms.get(room);
    const last = events.at(-1);
    if (!known || !last || last.seq <= known.head) return;
    if (events.some(({ settings }) => settings)) this.#rooms.delete(room);
    else this.#rooms.set(room, { ...known, head: last.seq, active: last.timestamp });
  }
}
