/** Runs the writer of a SQLite log in a thread of its own. */
import type { Appended } from "../chat/log.ts";
import { ChatError } from "../protos/errors.ts";
import type { Append, FromWriter, ToWriter } from "./sqlite_writer.ts";

/** Writes groups of appends, one group at a time. */
export interface GroupWriter {
  /** Resolves when the group is durable. */
  commit(appends: readonly Append[]): Promise<readonly Appended[]>;
  close(): Promise<void>;
}

/** Starts the thread and opens the file in it. Throws a ChatError that says what to do. */
export async function startWriterThread(file: string): Promise<GroupWriter> {
  const worker = new Worker(new URL("./sqlite_writer.ts", import.meta.url), { type: "module" });
  const ask = (question: ToWriter) => {
    const answer = Promise.withResolvers<readonly Appended[]>();
    worker.onmessage = ({ data }: MessageEvent<FromWriter>) => {
      if (data.kind === "done") answer.resolve(data.results);
      else answer.reject(new ChatError(data.code, data.message));
    };
    worker.onerror = (event) => {
      event.preventDefault();
      answer.reject(
        new ChatError("UNAVAILABLE", `Cannot write to "${file}": its thread failed (${event.message}).`),
      );
    };
    worker.postMessage(question);
    return answer.promise;
  };
  try {
    await ask({ kind: "open", file });
  } catch (error) {
    worker.terminate();
    throw error;
  }
  return {
    commit: (appends) => ask({ kind: "commit", appends }),
    close: async () => {
      await ask({ kind: "close" });
      worker.terminate();
    },
  };
}
