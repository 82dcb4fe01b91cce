/** Nodes of a log in NATS, in this process, each with a folder of its own. */
import type { NatsLog } from "../log/nats.ts";
import { openNats } from "../log/nats_open.ts";
import { ChatError } from "../protos/errors.ts";
import { tempFolder } from "./harness.ts";

/** A node. */
export interface NatsNode {
  /** Where its copy is. */
  readonly folder: string;
  /** What it told its operator. */
  readonly told: string[];
}

/** A node on a log; its folder goes away with it, unless it is given one. */
export async function natsNode(
  url: string,
  { folder: given, told = [], ...options }: { folder?: string; told?: string[]; patienceMs?: number } = {},
): Promise<NatsLog & NatsNode> {
  await using made = new AsyncDisposableStack();
  const folder = given ?? made.use(await tempFolder()).path;
  const { log } = await openNats({ url }, { folder, tell: (text) => told.push(text), ...options });
  const own = made.move();
  const close = async () => {
    await log.close();
    await own.disposeAsync();
  };
  return Object.assign(log, { folder, told, [Symbol.asyncDispose]: close });
}

/** What a promise came to, in one word. */
export function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(() => "done", (error) => error instanceof ChatError ? error.code : String(error));
}
