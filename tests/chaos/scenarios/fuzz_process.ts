/** Sends mutated frames into one door. Arguments: door, port, sign-in port, count, seed. Prints what the answers were. */
import * as grpc from "@grpc/grpc-js";
import type { Buffer } from "node:buffer";
import { serviceDefinition } from "../../../protos/descriptors.ts";
import type { ServerFrame__Output as ServerFrame } from "../../../protos/gen/chat/ServerFrame.ts";
import { isErrorCode } from "../../../protos/errors.ts";
import { limits } from "../../../protos/limits.ts";
import { signIn } from "../../doors.ts";
import { dice } from "../dice.ts";
import { pause } from "../wait.ts";
import { fuzzJson, fuzzProtobuf } from "./fuzz_frames.ts";

/** What came back. */
export interface Fuzzed {
  sent: number;
  connections: number;
  replies: number;
  /** How often each code was the answer. */
  codes: Record<string, number>;
  /** Refusals without a code of the table, and answers that are no frames. */
  strange: string[];
}

const [door = "", port = "", signInPort = "", count = "", seed = ""] = Deno.args;
const random = dice(Number(seed));
const fuzzed: Fuzzed = { sent: 0, connections: 0, replies: 0, codes: {}, strange: [] };
/** So many frames go into one connection: about what one person may send at once, so that they are looked at. */
const perConnection = door === "ws" ? limits.commandsBurst + 50 : 2_000;

function take(frame: ServerFrame): void {
  fuzzed.replies++;
  const error = frame.refused ?? frame.parting;
  if (!error) return;
  const code = String(error.code);
  fuzzed.codes[code] = (fuzzed.codes[code] ?? 0) + 1;
  if (!isErrorCode(code) || !error.message?.startsWith("Cannot ")) {
    fuzzed.strange.push(JSON.stringify(frame).slice(0, 200));
  }
}

/** Resolves when no answer has come for a while. */
async function quiet(): Promise<void> {
  for (let before = -1; before !== fuzzed.replies;) {
    before = fuzzed.replies;
    await pause(200);
  }
}

async function fuzzWs(token: string): Promise<void> {
  const options = { headers: { authorization: `Bearer ${token}` } };
  // Deno takes options where browsers, whose types are in force here, take protocols.
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, options as unknown as string[]);
  const opened = Promise.withResolvers<boolean>();
  const closed = Promise.withResolvers<void>();
  socket.onopen = () => opened.resolve(true);
  socket.onerror = () => {};
  socket.onclose = () => {
    opened.resolve(false);
    closed.resolve();
  };
  socket.onmessage = ({ data }) => {
    for (const frame of [JSON.parse(data)].flat()) take(frame);
  };
  if (!await opened.promise) return;
  socket.send(JSON.stringify({ id: 1, open: {} }));
  for (let sent = 0; sent < perConnection && socket.readyState === WebSocket.OPEN;) {
    const { text, frames } = fuzzJson(random);
    socket.send(text);
    sent += frames;
    fuzzed.sent += frames;
    if (sent % 50 === 0 || socket.bufferedAmount > 100_000) await pause(1);
  }
  await Promise.race([quiet(), closed.promise]);
  socket.close();
  await Promise.race([pause(5_000), closed.promise]);
}

async function fuzzGrpc(token: string): Promise<void> {
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
    "grpc.use_local_subchannel_pool": 1,
    "grpc.enable_http_proxy": 0,
  });
  const method = serviceDefinition("chat.ChatService").Session as grpc.MethodDefinition<object, ServerFrame>;
  const same = (bytes: Buffer) => bytes;
  const call = client.makeBidiStreamRequest(method.path, same, method.responseDeserialize);
  const ended = Promise.withResolvers<void>();
  let open = true;
  call.on("data", take);
  call.on("error", () => {});
  call.on("status", () => {
    open = false;
    ended.resolve();
  });
  call.write(method.requestSerialize({ id: 1, open: { token } }));
  for (let sent = 0; sent < perConnection && open; sent++) {
    fuzzed.sent++;
    if (!call.write(fuzzProtobuf(random))) {
      await Promise.race([new Promise((resolve) => call.once("drain", resolve)), ended.promise]);
    }
  }
  await Promise.race([quiet(), ended.promise]);
  call.cancel();
  await ended.promise;
  client.close();
}

while (fuzzed.sent < Number(count)) {
  const { token } = await signIn(Number(signInPort), `fuzz ${door} ${fuzzed.connections++}`);
  await (door === "ws" ? fuzzWs(token) : fuzzGrpc(token));
}
// deno-lint-ignore no-console -- this is the answer that the parent waits for
console.log(JSON.stringify(fuzzed));
Deno.exit(0);
