/** What a session holds of commands that cannot be carried out yet. */
import { assert } from "@std/assert";
import { Server } from "@grpc/grpc-js";
import type { Log } from "../chat/log.ts";
import { openLog } from "../log/open.ts";
import { limits } from "../protos/limits.ts";
import { boundCalls } from "../runtime/grpc_bounds.ts";
import { listen, shutdown } from "../runtime/grpc_listen.ts";
import { silent } from "../runtime/journal.ts";
import { Calls } from "../service/calls.ts";
import { chatDefinition } from "../service/definition.ts";
import { grpcClient } from "./doors.ts";
import { chatOn } from "./playing.ts";
import { SessionClient } from "./sessions.ts";

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test("P5 bounded: while nothing can be stored a session is read up to so many bytes, then all is answered", async () => {
  await using log = await openLog("sqlite::memory:");
  const { promise: stuck, resolve: release } = Promise.withResolvers<void>();
  const append: Log["append"] = (...asked) => stuck.then(() => log.append(...asked));
  const slow = new Proxy(log, {
    get: (log, name) => {
      const value = name === "append" ? append : Reflect.get(log, name);
      return typeof value === "function" ? value.bind(log) : value;
    },
  });
  await using chat = await chatOn(slow);
  let begun = 0;
  const write = chat.write.bind(chat);
  chat.write = (...asked) => (begun++, write(...asked));
  const server = new Server({ interceptors: [boundCalls({ ...limits, endingMs: limits.slowReaderMs })] });
  server.addService(chatDefinition, new Calls(chat, silent).implementation());
  const port = await listen(server, { host: "127.0.0.1", port: 0 });
  {
    using client = grpcClient(port);
    using session = new SessionClient(client);
    for (let i = 0; i < 10; i++) await session.ask({ open: { username: `p${i}` } });
    const [count, text] = [400, "x".repeat(limits.textBytes)];
    for (let id = 1; id <= count; id++) session.write({ id, send: { person: 1 + id % 10, text } });
    await sleep(1_000);
    const read = begun;
    release();
    await session.until(() => session.frames.filter(({ sent }) => sent).length === count, "all answers");
    assert(read > 64 && read * text.length < 1.2 * limits.commandsBytes, `${read} were read`);
  }
  await shutdown(server, 100);
});
