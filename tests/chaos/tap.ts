/**
 * A tap between a gateway and ChatService: passes every call on, byte for byte, and counts what the gateway asks for on
 * its session.
 */
import type { Buffer } from "node:buffer";
import * as grpc from "@grpc/grpc-js";
import { serviceDefinition } from "../../protos/descriptors.ts";
import type { ClientFrame__Output as ClientFrame } from "../../protos/gen/chat/ClientFrame.ts";

const service = serviceDefinition("chat.ChatService");
const same = (bytes: Buffer) => bytes;
const bare = Object.fromEntries(
  Object.entries(service).map(([name, method]) => [name, {
    ...method,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  }]),
) as grpc.ServiceDefinition;

/** The tap. */
export interface Tap extends AsyncDisposable {
  readonly port: number;
  /** How often each read was asked for: by room and range, such as `read lobby after 100`. */
  readonly asked: Map<string, number>;
}

/** Opens a tap on a free port that leads to ChatService at `to`. */
export async function openTap(to: number): Promise<Tap> {
  const asked = new Map<string, number>();
  const client = new grpc.Client(`127.0.0.1:${to}`, grpc.credentials.createInsecure(), {
    "grpc.use_local_subchannel_pool": 1,
    "grpc.enable_http_proxy": 0,
    "grpc.max_receive_message_length": 16 * 1024 * 1024,
  });
  const handlers: grpc.UntypedServiceImplementation = {};
  for (const [name, { path, requestStream }] of Object.entries(bare)) {
    handlers[name] = requestStream
      ? (call: grpc.ServerDuplexStream<Buffer, Buffer>) => passStream(call, client, { path, asked })
      : (call: grpc.ServerUnaryCall<Buffer, Buffer>, reply: grpc.sendUnaryData<Buffer>) =>
        void client.makeUnaryRequest(path, same, same, call.request, call.metadata, reply);
  }
  const server = new grpc.Server({ "grpc.max_receive_message_length": 16 * 1024 * 1024 });
  server.addService(bare, handlers);
  const port = await new Promise<number>((resolve, reject) => {
    const credentials = grpc.ServerCredentials.createInsecure();
    server.bindAsync("127.0.0.1:0", credentials, (error, port) => error ? reject(error) : resolve(port));
  });
  return {
    port,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.forceShutdown();
      client.close();
      await Promise.resolve();
    },
  };
}

function passStream(
  call: grpc.ServerDuplexStream<Buffer, Buffer>,
  client: grpc.Client,
  { path, asked }: { path: string; asked: Map<string, number> },
): void {
  const onward = client.makeBidiStreamRequest(path, same, same, call.metadata);
  const decode = service.Session?.requestDeserialize as (bytes: Buffer) => ClientFrame;
  call.on("data", (bytes: Buffer) => {
    const what = describe(decode(bytes));
    if (what) asked.set(what, (asked.get(what) ?? 0) + 1);
    onward.write(bytes);
  });
  call.on("end", () => onward.end());
  call.on("cancelled", () => onward.cancel());
  call.on("error", () => onward.cancel());
  onward.on("metadata", (metadata: grpc.Metadata) => call.sendMetadata(metadata));
  onward.on("data", (bytes: Buffer) => {
    if (call.write(bytes)) return;
    onward.pause();
    call.once("drain", () => onward.resume());
  });
  onward.on("error", (error) => call.emit("error", error));
  onward.on("end", () => call.end());
}

/** What a frame asks for of what is stored; undefined for all else. */
function describe({ read, follow }: ClientFrame): string | undefined {
  if (read) {
    return `read ${read.room || "lobby"} ${
      read.before ? `before ${read.before}` : `after ${read.after}`
    }, ${read.count}`;
  }
  if (follow) return `follow ${follow.room || "lobby"} ${follow.replay} ${follow.after?.seq ?? 0}`;
  return undefined;
}
