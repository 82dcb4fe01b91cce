/**
 * The outboxes of everybody who wrote in this browser, in IndexedDB: they outlive the browser. Storage may be
 * forbidden, full or broken; then nothing is kept, that is told, and nothing breaks.
 */
import { type ReadonlySignal, signal } from "@preact/signals";
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
  readonly #lasts = signal(true);

  /** Whether what was put last is kept. */
  get lasts(): ReadonlySignal<boolean> {
    return this.#lasts;
  }

  /** Keeps an act, or what has become of it. */
  async put({ by, item }: Kept): Promise<void> {
    this.#lasts.value = await this.#write((entries) => entries.put({ by, item }, [by.id, item.clientId]));
  }

  drop(by: string, clientId: string): void {
    this.#write((entries) => entries.delete([by, clientId]));
  }

  /** Everything that is kept, of everybody. */
  async all(): Promise<Kept[]> {
    const database = await this.#database;
    return await within(async () => {
      const entries = database?.transaction(table).objectStore(table);
      const all: unknown[] = entries ? await resultOf(entries.getAll()) : [];
      return all.filter(isKept);
    }, []);
  }

  /** Whether it lasts. A full disk shows as a transaction that is aborted. */
  async #write(act: (entries: IDBObjectStore) => void): Promise<boolean> {
    const database = await this.#database;
    return await within(async () => {
      const transaction = database?.transaction(table, "readwrite");
      if (!transaction) return false;
      act(transaction.objectStore(table));
      return await new Promise((resolve) => {
        transaction.oncomplete = () => resolve(true);
        transaction.onabort = () => resolve(false);
      });
    }, false);
  }
}

/** What a browser does, or something else if it fails or does not answer. */
async function within<T>(act: () => Promise<T>, otherwise: T): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<T>((resolve) => timer = setTimeout(() => resolve(otherwise), patienceMs));
  try {
    return await Promise.race([act(), late]);
  } catch {
    return otherwise;
  } finally {
    clearTimeout(timer);
  }
}

function open(): Promise<IDBDatabase | null> {
  return within(async () => {
    const request = indexedDB.open("switchboard", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(table);
    const database = await resultOf(request);
    database.onversionchange = () => database.close();
    return database;
  }, null);
}

function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function isKept(value: unknown): value is Kept {
  const { by, item } = (value ?? {}) as Partial<Kept>;
  return typeof by?.id === "string" && typeof by.name === "string" && typeof item?.clientId === "string" &&
    typeof item.room === "string" && typeof item.at === "number" && typeof item.act?.is === "string" &&
    (item.fate?.is === "waiting" || item.fate?.is === "failed");
}
