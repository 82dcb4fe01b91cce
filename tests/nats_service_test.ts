/** Three ChatServices in processes of their own on one NATS: one history, whatever happens to it or to them. */
import { assertEquals, assertMatch } from "@std/assert";
import { connectNats } from "../log/nats_link.ts";
import { parseNatsUrl } from "../log/nats_options.ts";
import type { ChatServiceClient } from "../protos/gen/chat/ChatService.ts";
import { grpcClient, send } from "./doors.ts";
import { eventually, spawn, type Spawned, tempFolder } from "./harness.ts";
import { onNats, serveNats, serveNatsCluster } from "./nats_server.ts";
import { call, SessionClient, signInAs } from "./sessions.ts";
import { readLog, type Stored } from "./stored.ts";

/** A ChatService that can be killed and started again, with a client. */
interface Node extends AsyncDisposable {
  readonly client: ChatServiceClient;
  /** What its copy of the log holds. */
  stored(): Stored[];
  restart(): Promise<void>;
}

async function node(url: string, folder: string, port = "0"): Promise<Node> {
  let service: Spawned = await spawn("grpc", { env: { CHAT_LOG: url, CHAT_DATA: folder, GRPC_PORT: port } });
  let client = grpcClient(service.port);
  const stop = async () => {
    client[Symbol.dispose]();
    await service.kill("SIGKILL");
  };
  return {
    get client() {
      return client;
    },
    stored: () => readLog(`${folder}/CHAT.replica.db`),
    restart: async () => {
      await stop();
      service = await spawn("grpc", { env: { CHAT_LOG: url, CHAT_DATA: folder, GRPC_PORT: port } });
      client = grpcClient(service.port);
    },
    [Symbol.asyncDispose]: stop,
  };
}

/** Three of them. */
async function nodes(url: string): Promise<AsyncDisposable & { all: [Node, Node, Node] }> {
  await using starting = new AsyncDisposableStack();
  const folder = starting.use(await tempFolder());
  const one = starting.use(await node(url, folder.file("1")));
  const rest = await Promise.all(["2", "3"].map((name) => node(url, folder.file(name))));
  const [two, three] = rest.map((node) => starting.use(node)) as [Node, Node];
  const started = starting.move();
  return { all: [one, two, three], [Symbol.asyncDispose]: () => started.disposeAsync() };
}

/** Waits until all copies are alike, and gives what they hold: dense, and each id once. */
async function agreed(nodes: readonly Node[]): Promise<Stored[]> {
  const digest = (stored: Stored[]) => JSON.stringify(stored);
  await eventually(() => new Set(nodes.map((node) => digest(node.stored()))).size === 1, {
    what: "one history",
  });
  const stored = nodes[0]?.stored() ?? [];
  assertEquals(stored.map(({ seq }) => seq), stored.map((_, i) => i + 1));
  assertEquals(new Set(stored.map(({ sender, clientId }) => `${sender} ${clientId}`)).size, stored.length);
  return stored;
}

onNats(
  "P4 once: on three nodes, 1,000 ids sent to two of them at once get one seq each; all copies are alike",
  async () => {
    await using nats = await serveNats();
    await using three = await nodes(nats.url());
    const [one, two] = three.all;
    const sendToBoth = (i: number) => {
      const message = { username: "ann", message: `m${i}`, clientId: `${i}` };
      return Promise.all([one, two].map(({ client }) => send(client, message)));
    };
    const answers: Awaited<ReturnType<typeof sendToBoth>>[] = [];
    // Few at a time, so that the two meet again and again.
    while (answers.length < 1_000) {
      answers.push(
        ...await Promise.all(Array.from({ length: 10 }, (_, i) => sendToBoth(answers.length + i))),
      );
    }
    for (const [here, there] of answers) assertEquals(here?.seq, there?.seq);
    const stored = await agreed(three.all);
    assertEquals(stored.length, 1_000);
    const first = answers.flat().filter(({ duplicate }) => !duplicate);
    assertEquals(first.length, 1_000, "one of the two is told that it was the first");
    for (const [i, [here]] of answers.entries()) assertEquals(stored[(here?.seq ?? 0) - 1]?.clientId, `${i}`);
  },
);

onNats(
  "a token and a room of one node are good on the others, and who is there is known on all",
  async () => {
    await using nats = await serveNats();
    await using three = await nodes(nats.url());
    const [one, two] = three.all;
    const ann = await signInAs(one.client, "Ann");
    await call(one.client, "createRoom", { room: "attic", clientId: "make" }, ann.token);
    const said = await call<{ seq: number }>(
      two.client,
      "say",
      { room: "attic", text: "hi", clientId: "1" },
      ann.token,
    );
    assertEquals(said.seq, 2);
    using here = await SessionClient.join(one.client, "Bob");
    using there = await SessionClient.join(two.client, "Eve");
    for (const session of [here, there]) {
      await session.ask({ follow: {} });
      await session.ask({ presence: { room: "lobby" } });
    }
    for (const { roster } of [here, there].map((session) => ({ roster: () => session.roster() }))) {
      await eventually(() => roster()?.names.join() === "Bob,Eve");
    }
  },
);

/** Sends to a node, each message again until it is answered, until it is told to stop. */
class Sender {
  /** The ids of what was answered, in that order. */
  readonly acked: string[] = [];
  readonly refusals: string[] = [];
  readonly done: Promise<void>;

  constructor(node: Node, name: string, signal: AbortSignal) {
    this.done = this.#send(node, name, signal);
  }

  async #send(node: Node, name: string, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const clientId = `${this.acked.length}`;
      const message = { username: name, message: clientId, clientId };
      const refusal = await send(node.client, message).then(() => "", (error) => String(error.details));
      if (refusal === "") this.acked.push(clientId);
      else this.refusals.push(refusal);
      if (refusal !== "") await wait(20);
    }
  }
}

/** Lets all nodes be sent to while something happens. All that was acked must be stored then, in the order it was sent. */
async function sendDuring(
  nodes: readonly Node[],
  happen: (senders: Sender[]) => Promise<void>,
): Promise<Sender[]> {
  const stop = new AbortController();
  const senders = nodes.map((node, i) => new Sender(node, `sender${i}`, stop.signal));
  await happen(senders);
  stop.abort();
  await Promise.all(senders.map(({ done }) => done));
  const stored = await agreed(nodes);
  for (const [i, { acked }] of senders.entries()) {
    const own = stored.filter(({ sender }) => sender === `sender${i}`).map(({ clientId }) => clientId);
    assertEquals(own, acked);
  }
  return senders;
}

/** Waits until so many more of each sender's messages are acked. */
async function goOn(senders: readonly Sender[], count: number): Promise<void> {
  const goals = senders.map((sender) => [sender, sender.acked.length + count] as const);
  const reached = () => goals.every(([{ acked }, goal]) => acked.length >= goal);
  await eventually(reached, { ms: 30_000, what: `${count} more of each` });
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

onNats(
  "P1 durable: NATS is killed and a node is killed while all send: nothing acked is lost, all heals",
  async () => {
    await using nats = await serveNats();
    await using three = await nodes(nats.url());
    const senders = await sendDuring(three.all, async (senders) => {
      await goOn(senders, 20);
      await nats.kill();
      await wait(1_000);
      await nats.start();
      await goOn(senders, 20);
      await three.all[2].restart();
      await goOn(senders, 20);
    });
    const refusals = senders.slice(0, 2).flatMap(({ refusals }) => refusals);
    for (const refusal of refusals) assertMatch(refusal, /^Cannot .*: .*, try again/);
  },
);

onNats(
  "P1 durable: a cluster of three loses the server that leads: nothing acked is lost, and it goes on",
  async () => {
    await using cluster = await serveNatsCluster();
    await using three = await nodes(cluster.url());
    await sendDuring(three.all, async (senders) => {
      await goOn(senders, 20);
      const leader = cluster.servers[await leaderOf(cluster.url())];
      await leader?.kill();
      await goOn(senders, 20);
      await leader?.start();
      await goOn(senders, 20);
    });
  },
);

/** Which of the servers leads the stream. */
async function leaderOf(url: string): Promise<number> {
  const link = await connectNats(parseNatsUrl(url));
  const { cluster } = await link.jsm.streams.info("CHAT");
  await link.close();
  return Number(cluster?.leader?.slice(1));
}
