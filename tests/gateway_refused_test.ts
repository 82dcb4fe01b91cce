/** What a gateway does when ChatService refuses what it asks for all its readers. */
import { assertEquals } from "@std/assert";
import * as grpc from "@grpc/grpc-js";
import { Bridge } from "../gateway/bridge.ts";
import { serviceDefinition } from "../protos/descriptors.ts";
import { lobby } from "../protos/events.ts";
import type { ClientFrame__Output } from "../protos/gen/chat/ClientFrame.ts";
import type { ServerFrame } from "../protos/gen/chat/ServerFrame.ts";
import { silent } from "../runtime/journal.ts";
import { eventually } from "./harness.ts";

type Answer = (frame: ClientFrame__Output) => ServerFrame;

/** A ChatService that answers on Session as it is told. */
async function serveAnswers(answer: Answer) {
  const server = new grpc.Server();
  server.addService(serviceDefinition("chat.ChatService"), {
    session: (call: grpc.ServerDuplexStream<ClientFrame__Output, ServerFrame>) => {
      const metadata = new grpc.Metadata();
      metadata.set("chat-keys", `{"keys":[]}`);
      call.sendMetadata(metadata);
      call.on("data", (frame) => call.write({ id: frame.id, ...answer(frame) }));
      call.on("end", () => call.end());
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    const credentials = grpc.ServerCredentials.createInsecure();
    server.bindAsync("127.0.0.1:0", credentials, (error, port) => error ? reject(error) : resolve(port));
  });
  return { port, [Symbol.dispose]: () => server.forceShutdown() };
}

Deno.test("P3 complete: a lobby that was refused as too fast is asked for again, by a reader's own handle where there is one", async () => {
  const askedBy: number[] = [];
  const tooFast = { code: "RESOURCE_EXHAUSTED", message: "Cannot follow: too fast.", retry: true };
  const principal = { id: "", name: "tom", key: "tom" };
  using chat = await serveAnswers(({ open, follow }) => {
    if (open) return { opened: { person: 7, principal } };
    if (!follow) return { done: {} };
    askedBy.push(follow.person);
    if (askedBy.length < 4) return { refused: tooFast };
    return { followed: { room: lobby, epoch: "e", head: 0, after: 0, recovered: true } };
  });
  const bridge = new Bridge(`127.0.0.1:${chat.port}`, { journal: silent });
  await eventually(() => askedBy.length === 1, { what: "the lobby to be asked for" });
  const person = bridge.open({ username: "tom" });
  await person.opened;
  const lost: string[] = [];
  const { room, leave } = bridge.enter(lobby, {
    get handle() {
      return person.handle;
    },
    roster: () => {},
    lost: ({ code }) => lost.push(code),
  });
  await eventually(() => bridge.ready, { what: "the lobby to be followed" });
  // The second time the reader was too fast, too; then nobody was left to ask by, until a little later.
  assertEquals([askedBy, lost, room === bridge.lobby], [[0, 7, 0, 7], [], true]);
  leave();
  await bridge.close();
});
