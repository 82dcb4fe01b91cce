/**
 * The outboxes of everybody who wrote in this browser, in IndexedDB: they outlive the browser. Storage may be
 * forbidden or broken; then nothing is kept, and nothing breaks.
 */
import type { Principal } from "../protos/events.ts";
import type { Pending } from "./outbox.ts";

/** An act, and whose it is. */
export interface Kept {
  readonly by: Principal;
  readonly item: Pending;
}

const table = "outbox";
/** A browser that does not answer for so long is taken for one without storage. */
const patienceMs = 2_000;

/** One entry for each act, so that a page removes only what it saw acknowledged itself. */
export class KeptOutbox {
  readonly #database = open();

  /** Keeps an act, or what has become of it. */
  put({ by, item }: Kept): void {
    this.#write((entries) => entries.put({ by, item }, [by.id, item.clientId]));
  }

  drop(by: string, clientId: string): void {
    this.#write((entries) => entries.delete([by, clientId]));
  }

  /** Everything that is kept, of everybody. */
  async all(): Promise<Kept[]> {
    const database = await this.#database;
    if (!database) return [];
    return await new Promise((resolve) => {
      const request = database.transaction(table).objectStore(table).getAll();
      request.onsuccess = () => resolve((request.result as unknown[]).filter(isKept));
      request.onerror = () => resolve([]);
    });
  }

  async #write(act: (entries: IDBObjectStore) => void): Promise<void> {
    const database = await this.#database;
    try {
      if (database) act(database.transaction(table, "readwrite").objectStore(table));
    } catch {
      // Full, or closed by a newer page.
    }
  }
}

function open(): Promise<IDBDatabase | null> {
  const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), patienceMs));
  const opened = new Promise<IDBDatabase | null>((resolve) => {
    const request = indexedDB.open("switchboard", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(table);
    request.onsuccess = () => {
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = () => resolve(null);
  });
  return Promise.race([opened, late]).catch(() => null);
}

function isKept(value: unknown): value is Kept {
  const { by, item } = (value ?? {}) as Partial<Kept>;
  return typeof by?.id === "string" && typeof by.name === "string" && typeof item?.clientId === "string" &&
    typeof item.room === "string" && typeof item.at === "number" && typeof item.act?.is === "string" &&
    (item.fate?.is === "waiting" || item.fate?.is === "failed");
}
