/** A gateway that stands far from ChatService, near its people. */
import { assert, assertEquals } from "@std/assert";
import { Bridge } from "../../gateway/bridge.ts";
import { errors } from "../../protos/errors.ts";
import { silent } from "../../runtime/journal.ts";
import { dice } from "../chaos/dice.ts";
import { clear, Proxy } from "../chaos/proxy.ts";
import { FrameSocket, grpcClient, signIn } from "../doors.ts";
import {
  cannotRunHere,
  eventually,
  serveChat,
  serveWeb,
  spawn,
  type Spawned,
  tempFolder,
} from "../harness.ts";
import { lossyLink } from "../lossy_link.ts";

const roundTripMs = 80;
const far = { ...clear, delayMs: roundTripMs / 2 };

/** Nothing passes between gateway and ChatService. */
const held = { ...clear, held: true };

/** So long is waited for what must not come. */
const quietMs = 300;

interface Stage extends AsyncDisposable {
  readonly chat: Spawned;
  readonly web: Spawned;
  readonly between: Proxy;
}

/** Both servers in processes of their own, and the way between them. */
async function stage(): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await tempFolder());
  const chat = stack.use(await spawn("grpc", { env: { CHAT_LOG: `sqlite:${folder.file("chat.db")}` } }));
  const between = stack.use(await Proxy.start(() => chat.port, { random: dice(1) }));
  const web = stack.use(await spawn("web", { env: { CHAT_ADDRESS: `127.0.0.1:${between.port}` } }));
  const rest = stack.move();
  return { chat, web, between, [Symbol.asyncDispose]: () => rest.disposeAsync() };
}

/** Ann, in a room of 120 messages, which the gateway follows for her. */
async function annInAttic(port: number): Promise<FrameSocket> {
  const ann = await FrameSocket.join(port, "ann");
  await ann.ask({ createRoom: { room: "attic" } });
  const say = (i: number) => ann.ask({ send: { room: "attic", text: `${i}`, clientId: `a${i}` } });
  await Promise.all(Array.from({ length: 120 }, (_, i) => say(i)));
  await ann.ask({ follow: { room: "attic" } });
  await ann.count(100);
  return ann;
}

/** Comes to the attic by a token, until the last 100 messages are there; gives how long that took. */
async function join(port: number, token: string): Promise<number> {
  const since = performance.now();
  await using socket = await FrameSocket.connect(port, { token });
  await socket.ask({ open: {} });
  await socket.ask({ follow: { room: "attic" } });
  await socket.count(100);
  return performance.now() - since;
}

function signOut(client: ReturnType<typeof grpcClient>, token: string): Promise<void> {
  return new Promise((resolve, reject) =>
    client.signOut({ token }, (error) => error ? reject(error) : resolve())
  );
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The least of some times: what the way itself takes. */
async function least(times: number, take: (i: number) => Promise<number>): Promise<number> {
  const all: number[] = [];
  for (let i = 0; i < times; i++) all.push(await take(i));
  return Math.min(...all);
}

Deno.test("80 ms from ChatService, who is known at the gateway joins with a replay within 20 ms, and is heard within a round trip and 20 ms", async () => {
  await using all = await stage();
  const { port } = all.web;
  await using ann = await annInAttic(port);
  await using carol = await FrameSocket.join(port, "carol");
  await carol.ask({ follow: { room: "attic" } });
  all.between.set({ up: far, down: far });
  const { token } = await signIn(port, "bob");
  const signedIn = await join(port, token);
  const back = await least(7, () => join(port, token));
  const anotherTab = await least(7, () => join(port, ann.token));
  const toNeighbour = await least(7, async (i) => {
    const before = carol.texts.length;
    const since = performance.now();
    ann.raw.send({ id: 1_000 + i, send: { room: "attic", text: "now", clientId: `now ${i}` } });
    await carol.count(before + 1);
    return performance.now() - since;
  });
  assert(signedIn < roundTripMs && back < 20 && anotherTab < 20, `${signedIn}, ${back}, ${anotherTab} ms`);
  assert(toNeighbour >= roundTripMs && toNeighbour < roundTripMs + 20, `${toNeighbour} ms`);
});

Deno.test("P6 closed: while ChatService says nothing, a gateway shows a room to those whom it knows, and to nobody else", async () => {
  await using all = await stage();
  const { port } = all.web;
  await using elsewhere = await serveWeb(all.chat.port);
  await using ann = await annInAttic(port);
  const { token: bob } = await signIn(port, "bob");
  await join(port, bob);
  const { token: page } = await signIn(elsewhere.port, "pat");
  const answer = await fetch(`http://127.0.0.1:${port}/`, {
    headers: { cookie: `switchboard_token=${page}` },
  });
  await answer.body?.cancel();
  const { token: stranger } = await signIn(elsewhere.port, "eve");
  await join(port, page);
  all.between.set({ up: held, down: held });
  for (const token of [bob, ann.token, page]) await join(port, token);
  await using eve = await FrameSocket.connect(port, { token: stranger });
  const followed = Promise.all([eve.ask({ open: {} }), eve.ask({ follow: { room: "attic" } })]);
  await pause(quietMs);
  assertEquals(eve.frames, []);
  all.between.set({ up: clear, down: clear });
  await followed;
  await eve.count(100);
});

Deno.test("P6 closed: a token that was signed out elsewhere opens nothing at a gateway that knew it", async () => {
  await using all = await stage();
  const { port } = all.web;
  using client = grpcClient(all.chat.port);
  await using _ = await annInAttic(port);
  const refusal = async (token: string) => {
    await using socket = await FrameSocket.connect(port, { token });
    const [opened, followed] = await Promise.all([
      socket.ask({ open: {} }),
      socket.ask({ follow: { room: "attic" } }),
    ]);
    return [opened.refused?.code, followed.refused !== undefined, socket.events.length];
  };
  const { token: bob } = await signIn(port, "bob");
  await join(port, bob);
  await signOut(client, bob);
  await eventually(async () => (await refusal(bob))[2] === 0, { ms: 2_000, what: "the gateway to know" });
  assertEquals(await refusal(bob), ["UNAUTHENTICATED", true, 0]);
  // One whom it knew is let in meanwhile, and sent away as soon as it hears.
  const { token: dan } = await signIn(port, "dan");
  await using first = await FrameSocket.connect(port, { token: dan });
  await first.ask({ open: {} });
  all.between.set({ down: held });
  await signOut(client, dan);
  await using second = await FrameSocket.connect(port, { token: dan });
  await second.ask({ open: {} });
  all.between.set({ down: clear });
  for (const { raw } of [first, second]) assertEquals((await raw.closed).code, errors.UNAUTHENTICATED.close);
});

Deno.test("P6 closed: a token that is signed out in the moment in which it is let in opens nothing, either", async () => {
  await using all = await stage();
  await using elsewhere = await serveWeb(all.chat.port);
  using client = grpcClient(all.chat.port);
  await using _ann = await annInAttic(all.web.port);
  const { token } = await signIn(elsewhere.port, "dan");
  all.between.set({ down: held });
  await using dan = await FrameSocket.connect(all.web.port, { token });
  dan.raw.send({ id: 1, open: {} });
  await pause(quietMs);
  await signOut(client, token);
  await pause(quietMs);
  // That he is let in, and that he is no more, come in one piece.
  all.between.set({ down: clear });
  assertEquals((await dan.raw.closed).code, errors.UNAUTHENTICATED.close);
});

Deno.test("P5 bounded: whoever goes is nowhere at once, and is kept at ChatService for a while and no longer", async () => {
  await using chat = await serveChat();
  await using web = await serveWeb(chat.port);
  await using ann = await FrameSocket.join(web.port, "ann");
  await ann.ask({ follow: {} });
  const isHere = (names: string[]) =>
    ann.until((frames) => {
      const { roster } = frames.findLast(({ roster }) => roster) ?? {};
      return (roster?.names ?? []).toSorted().join() === names.join();
    }, `${names} to be here`);
  const bob = await FrameSocket.join(web.port, "bob");
  await bob.ask({ presence: { room: "lobby" } });
  await isHere(["bob"]);
  await bob[Symbol.asyncDispose]();
  await isHere([]);
  const bridge = new Bridge(`127.0.0.1:${chat.port}`, { journal: silent, personIdleMs: 300 });
  await eventually(() => bridge.ready);
  const { token } = await bridge.signIn("carol", "");
  const carol = bridge.open({ token });
  await carol.opened;
  carol.close();
  assertEquals([bridge.open({ token }) === carol, bridge.peopleCount], [true, 1]);
  carol.close();
  await eventually(() => bridge.peopleCount === 0, { ms: 2_000, what: "carol to be let go" });
  const again = bridge.open({ token });
  assertEquals((await again.opened).name, "carol");
  await bridge.close();
});

Deno.test("P3 complete: a link that loses 3 % of all packets loses no message, doubles none, and keeps their order", async () => {
  const made = await lossyLink(0.03);
  if (typeof made === "string") return cannotRunHere(`a lossy link: ${made}`);
  await using link = made;
  await using folder = await tempFolder();
  const env = { CHAT_LOG: `sqlite:${folder.file("chat.db")}`, GRPC_HOST: "0.0.0.0" };
  await using chat = await spawn("grpc", { env, wrap: link.wrap });
  await using web = await spawn("web", { env: { CHAT_ADDRESS: `${link.host}:${chat.port}` } });
  await using stack = new AsyncDisposableStack();
  const people: FrameSocket[] = [];
  for (const name of ["ann", "bob", "carol"]) people.push(stack.use(await FrameSocket.join(web.port, name)));
  await Promise.all(people.map((one) => one.ask({ follow: {} })));
  const said: string[] = [];
  for (let i = 0; i < 150; i++) {
    const text = `${i} ${"x".repeat(500)}`;
    said.push(text);
    people[i % 3]?.ask({ send: { text, clientId: `${i}` } });
    await pause(10);
  }
  for (const one of people) {
    await one.count(said.length);
    assertEquals(one.texts.toSorted(), said.toSorted());
    assertEquals(one.texts, people[0]?.texts);
  }
  assert(await link.lost() > 0, "the link lost nothing");
});
