/** Tests of the client library over each door, on each engine. The promise says "sdk", to which the door is added. */
import { serveChat, serveWeb } from "./harness.ts";
import { onLogs, type TestLog } from "./logs.ts";

export type Door = "grpc" | "ws";
export const doors: readonly Door[] = ["grpc", "ws"];

/** A test that starts the servers itself. */
export function onDoors(promise: string, test: (door: Door, log: TestLog) => Promise<void>): void {
  for (const door of doors) onLogs(promise.replace("sdk", `sdk over ${door}`), (log) => test(door, log));
}

/** What a client of one door is given. */
export interface Servers {
  readonly address: string;
  readonly chatPort: number;
}

/** A test that is given both servers. */
export function onServers(promise: string, test: (server: Servers) => Promise<void>): void {
  onDoors(promise, async (door, log) => {
    await using chat = await serveChat(log);
    await using web = await serveWeb(chat.port);
    const { port } = door === "grpc" ? chat : web;
    await test({ address: `${door}://127.0.0.1:${port}`, chatPort: chat.port });
  });
}
