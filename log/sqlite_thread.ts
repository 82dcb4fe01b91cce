/** Runs the writer of a SQLite log in a thread of its own. */
import { ChatError } from "../protos/errors.ts";
import type { FromWriter, Group, ToWriter, Writer, Written } from "./sqlite_writer.ts";

/** Writes groups of appends, one group at a time. */
export interface GroupWriter {
  /** Resolves when the group is durable. */
  commit(group: Group): Promise<readonly Written[]>;
  close(): Promise<void>;
}

/** Starts the thread and opens the file in it, as `Writer` does. Throws a ChatError that says what to do. */
export async function startWriterThread(
  file: string,
  options: { replicaOf?: string } = {},
): Promise<GroupWriter> {
  const worker = new Worker(new URL("./sqlite_writer.ts", import.meta.url), { type: "module" });
  const dead = Promise.withResolvers<never>();
  // Whoever asks next is told.
  dead.promise.catch(() => {});
  worker.onerror = (event) => {
    event.preventDefault();
    dead.reject(
      new ChatError(
        "UNAVAILABLE",
        `Cannot write to "${file}": its thread failed (${event.message}), restart the server.`,
      ),
    );
  };
  const ask = (question: ToWriter) => {
    const answer = Promise.withResolvers<readonly Written[]>();
    worker.onmessage = ({ data }: MessageEvent<FromWriter>) => {
      if (data.kind === "done") answer.resolve(data.results);
      else answer.reject(new ChatError(data.code, data.message));
    };
    worker.postMessage(question);
    return Promise.race([answer.promise, dead.promise]);
  };
  try {
    await ask({ kind: "open", file, ...options });
  } catch (error) {
    worker.terminate();
    throw error;
  }
  return {
    commit: (group) => ask({ kind: "commit", group }),
    close: async () => {
      // A thread that is dead has nothing to finish.
      await ask({ kind: "close" }).catch(() => {});
      worker.terminate();
    },
  };
}

/** The same in this thread, for a log in memory: there is one connection and no fsync, so nothing to keep off it. */
export function inPlace(writer: Writer): GroupWriter {
  return {
    commit: (group) => Promise.try(() => writer.commit(group)),
    close: () => Promise.resolve(),
  };
}
