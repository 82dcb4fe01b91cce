/** What a hostile browser, or somebody on the way to it, tries with a gateway. */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Addresses } from "../gateway/addresses.ts";
import { Bridge } from "../gateway/bridge.ts";
import { Places } from "../gateway/places.ts";
import { lobby } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";
import { silent } from "../runtime/journal.ts";
import { FrameSocket, RawSocket, signIn } from "./doors.ts";
import { serveParts, upgradeStatus } from "./gateway_parts.ts";
import { eventually, quietPort, serveChat, serveWeb } from "./harness.ts";

Deno.test("P6 closed: no cache on the way keeps who somebody is", async () => {
  await using chat = await serveChat();
  await using web = await serveWeb(chat.port);
  const { token } = await signIn(web.port, "ann");
  const authorization = `Bearer ${token}`;
  const kept = async (path: string, request: RequestInit) => {
    const response = await fetch(`http://127.0.0.1:${web.port}${path}`, request);
    await response.body?.cancel();
    return response.headers.get("cache-control");
  };
  const answers = [
    await kept("/", { headers: { cookie: `switchboard_token=${token}` } }),
    await kept("/me", { headers: { authorization } }),
    await kept("/me", {}),
    await kept("/sign-in", { method: "POST", body: "{}" }),
    await kept("/sign-out", { method: "POST", headers: { authorization } }),
  ];
  assertEquals(new Set(answers), new Set(["no-store"]));
});

Deno.test("P5 bounded: what waits in a gateway while ChatService is away is bounded by its length, too", async () => {
  const bridge = new Bridge(`127.0.0.1:${quietPort()}`, { journal: silent });
  const person = bridge.open({ username: "mallory" });
  const body = {
    person: 0,
    room: lobby,
    clientId: "",
    text: "x".repeat(limits.frameBytes - 100),
    replyTo: 0,
  };
  let refused = "";
  const asked = Array.from({ length: 2_000 }, () => person.ask({ is: "send", body }));
  for (const one of asked) one.catch(({ code }) => refused ||= code);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assertEquals(refused, "RESOURCE_EXHAUSTED");
  await bridge.close();
});

Deno.test("frames with strange values are answered with a code, each by its id, and the next one is heard", async () => {
  await using chat = await serveChat();
  await using web = await serveWeb(chat.port);
  await using socket = await FrameSocket.join(web.port, "mallory");
  const strange = [
    `{"id":1e3,"__proto__":{"send":{"text":"polluted"}}}`,
    `{"id":1001,"send":{"text":"a","text":"b","clientId":"__proto__","room":"constructor"}}`,
    `{"id":1002,"follow":{"room":"__proto__"}}`,
    `{"id":1003,"send":{"text":"x","replyTo":9007199254740993}}`,
    `{"id":1004,"read":{"count":1e999}}`,
    `{"id":1005,"mark":{"seq":-0}}`,
    `{"id":1006,"send":{"text":"x"},"edit":{"target":1}}`,
    `{"id":1007,"follow":{"replay":"REPLAY_RESUME","after":{"epoch":"__proto__","seq":9007199254740991}}}`,
    `{"id":1008,"send":null}`,
    `{"id":1009,"react":{"target":1,"emoji":"${"[".repeat(60_000)}"}}`,
    `{"id":1010,"describeRoom":{"room":"hasownproperty"}}`,
    `{"id":1011,"send":{"text":"half \\ud83d of one"}}`,
    `{"id":1012,"x":${"[".repeat(20_000)}${"]".repeat(20_000)}}`,
  ];
  socket.raw.ws.send(`[${strange.join(",")}]`);
  const frames = await socket.until((frames) =>
    frames.filter(({ id }) => id >= 1_000).length === strange.length
  );
  const codes = frames.filter(({ id }) => id >= 1_000).map(({ id, refused }) => [id, refused?.code]);
  assertEquals(Object.fromEntries(codes), {
    1000: "UNIMPLEMENTED",
    1001: "NOT_FOUND",
    1002: "INVALID_ARGUMENT",
    1003: "INVALID_ARGUMENT",
    1004: "INVALID_ARGUMENT",
    1005: undefined,
    1006: "INVALID_ARGUMENT",
    1007: undefined,
    1008: "INVALID_ARGUMENT",
    1009: "INVALID_ARGUMENT",
    1010: "NOT_FOUND",
    1011: "INVALID_ARGUMENT",
    1012: "UNIMPLEMENTED",
  });
  assertEquals((await socket.ask({ send: { text: "still here", clientId: "1" } })).sent?.seq, 1);
  assert(frames.every(({ parting }) => !parting));
});

Deno.test("P5 bounded: a guest has so many sockets on a gateway and no more, and others come in meanwhile", async () => {
  await using chat = await serveChat();
  await using web = await serveWeb(chat.port);
  const { token } = await signIn(web.port, "mallory");
  await using sockets = new AsyncDisposableStack();
  const [first] = await Promise.all(
    Array.from(
      { length: limits.socketsPerGuest },
      async () => sockets.use(await FrameSocket.connect(web.port, { token })),
    ),
  );
  const refused = await upgradeStatus(web.port, { Authorization: `Bearer ${token}` });
  assertMatch(refused, /^HTTP\/1\.1 429 /);
  assertMatch(refused, /"Cannot connect: you have 20 connections here already, close one first\."/);
  sockets.use(await FrameSocket.join(web.port, "ann"));
  await first?.[Symbol.asyncDispose]();
  await eventually(async () =>
    /^HTTP\/1\.1 101 /.test(await upgradeStatus(web.port, { Authorization: `Bearer ${token}` }))
  );
});

Deno.test("P5 bounded: the tutorial's door never takes the places of those who have a token", async () => {
  await using chat = await serveChat();
  await using web = await serveParts(chat.port, { socketsMost: 8 });
  await using sockets = new AsyncDisposableStack();
  for (let i = 0; i < 4; i++) {
    sockets.use(await RawSocket.connect(`ws://127.0.0.1:${web.port}/ws/anybody${i}`));
  }
  const refused = await upgradeStatus(web.port, {}, "/ws/one-more");
  assertMatch(refused, /^HTTP\/1\.1 503 /);
  assertMatch(refused, /"Cannot connect: all places for those without a token are taken, /);
  for (let i = 0; i < 4; i++) sockets.use(await FrameSocket.join(web.port, `ann ${i}`));
  const { token } = await signIn(web.port, "bob");
  const full = await upgradeStatus(web.port, { Authorization: `Bearer ${token}` });
  assertMatch(full, /^HTTP\/1\.1 503 [^]*"Cannot connect: the server is full, /);
});

Deno.test("P5 bounded: sockets that a peer does not close count for longer, but do not lock a guest out soon", async () => {
  const all = new Set<{ isGone: boolean; closed: Promise<void> }>();
  const places = new Places(all, { most: 10_000 });
  const closes: (() => void)[] = [];
  const come = (guest: string) => {
    places.check(guest);
    const gone = Promise.withResolvers<void>();
    const socket = { isGone: false, closed: gone.promise };
    places.take(socket, guest);
    closes.push(gone.resolve);
    return socket;
  };
  for (let i = 0; i < limits.socketsPerGuestInAll; i++) come("mallory").isGone = true;
  assertMatch(String(assertThrows(() => come("mallory"))), /close one first/);
  come("ann");
  assertEquals(all.size, limits.socketsPerGuestInAll + 1);
  for (const close of closes) close();
  await Promise.resolve();
  assertEquals(all.size, 0);
  come("mallory");
});

Deno.test("P5 bounded: one address cannot use up all sign-ins, and a proxy on this machine is not counted", () => {
  let now = 0;
  const addresses = new Addresses(() => now);
  const countUntilRefused = (address: (i: number) => string) => {
    for (let i = 0;; i++) {
      try {
        addresses.check(address(i));
        if (i > limits.signInsBurst) return i;
      } catch {
        return i;
      }
    }
  };
  assertEquals(countUntilRefused(() => "203.0.113.5"), limits.signInsBurstAddress);
  assertEquals(countUntilRefused(() => "::ffff:203.0.113.5"), 0, "the same client over another socket");
  assertEquals(countUntilRefused(() => "203.0.113.6"), limits.signInsBurstAddress);
  assertEquals(countUntilRefused((i) => `2001:db8::${i.toString(16)}`), limits.signInsBurstAddress);
  assertEquals(countUntilRefused(() => "2001:db8:0:1::1"), limits.signInsBurstAddress);
  for (const local of ["127.0.0.1", "::1", "::ffff:127.0.0.1"]) {
    assert(countUntilRefused(() => local) > limits.signInsBurst);
  }
  now = 1_000;
  assertEquals(countUntilRefused(() => "203.0.113.5"), limits.signInsPerSecondAddress);
  for (let i = 0; i < 2 * limits.signInAddresses; i++) addresses.check(`10.0.${i >> 8}.${i % 256}`);
  assert(addresses.size <= limits.signInAddresses, `${addresses.size} addresses`);
  now += 1_000 * limits.signInsBurstAddress;
  addresses.check("203.0.113.5");
  assertEquals(addresses.size, 1, "nothing is kept of those who rest");
});

Deno.test("P5 bounded: whoever signs in or out too fast is refused by the gateway, whatever a header says", async () => {
  await using chat = await serveChat();
  await using web = await serveParts(chat.port);
  const from = { remoteAddr: { transport: "tcp", hostname: "203.0.113.5", port: 1 } };
  const ask = async (path: string, headers: Record<string, string>) => {
    const init = { method: "POST", headers: { "content-type": "application/json", ...headers }, body: "{}" };
    const response = await web.app.request(path, init, from);
    await response.body?.cancel();
    return response;
  };
  await eventually(() => web.bridge.ready);
  const signOut = await ask("/sign-out", { cookie: "switchboard_token=x" });
  assertEquals(signOut.status, 200);
  const untilRefused = async (path: string, headers: Record<string, string>) => {
    let asked = 1;
    let refused: Response;
    do refused = await ask(path, headers); while (refused.status !== 429 && ++asked < limits.signInsBurst);
    return { asked, refused };
  };
  const began = performance.now();
  const forged = { "x-forwarded-for": "198.51.100.7", forwarded: "for=198.51.100.7" };
  const { asked, refused } = await untilRefused("/sign-in", forged);
  const filled = (performance.now() - began) * limits.signInsPerSecondAddress / 1_000;
  const beyond = asked - limits.signInsBurstAddress;
  assert(beyond >= 0 && beyond < filled + 2, `${asked} were let through`);
  assertEquals([refused.status, refused.headers.get("retry-after")], [429, "10"]);
  const out = await untilRefused("/sign-out", { cookie: "switchboard_token=x" });
  assert(out.asked < limits.signInsBurstAddress, "its speed is the same one");
  assertMatch(out.refused.headers.get("set-cookie") ?? "", /^switchboard_token=;/);
  assertEquals((await signIn(web.port, "ann")).principal.name, "ann", "others are not held up");
});

Deno.test("P5 bounded: whatever it is that a socket sends too fast, it is refused and then sent away", async () => {
  await using chat = await serveChat();
  await using web = await serveWeb(chat.port);
  const floods: Record<string, (i: number) => string> = {
    "not json": () => "{",
    nothing: () => "[]",
    heartbeats: () => `{"heartbeat":{}}`,
    unknown: (i) => `{"id":${i},"dance":{}}`,
    "without id": () => `{"send":{"text":"x"}}`,
    unfollow: (i) => `{"id":${i},"unfollow":{"room":"attic"}}`,
    close: (i) => `{"id":${i},"close":{}}`,
    "person 7": (i) => `{"id":${i},"send":{"person":7,"text":"x"}}`,
    open: (i) => `{"id":${i},"open":{"token":"x"}}`,
  };
  for (const [name, text] of Object.entries(floods)) {
    await using socket = await FrameSocket.connect(web.port, { name });
    const { raw } = socket;
    const most = limits.commandsBurst + limits.floodRefusals;
    for (let i = 1; i < most - 100; i++) raw.ws.send(text(100 + i));
    await socket.ask({ unfollow: {} });
    // The end one by one: what is still on its way when a socket is closed may reset it, and what was told is lost.
    for (let i = most; raw.ws.readyState === WebSocket.OPEN; i++) {
      raw.ws.send(text(100 + i));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await raw.closed;
    const refusals = socket.frames.filter(({ refused }) => refused).length;
    assert(name === "nothing" || refusals > limits.floodRefusals - 200, `${name}: ${refusals} refusals`);
    assertEquals(socket.frames.at(-1)?.parting?.code, "FLOOD", name);
  }
});

Deno.test("P5 bounded: a body that breaks off is the client's fault, and not a line in the journal", async () => {
  const journal = { ...silent, warn: (what: string) => warnings.push(what) };
  const warnings: string[] = [];
  await using chat = await serveChat();
  await using web = await serveParts(chat.port, { journal });
  using conn = await Deno.connect({ hostname: "127.0.0.1", port: web.port });
  const head = "POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n";
  const write = (text: string) => conn.write(new TextEncoder().encode(text));
  await write(`${head}Transfer-Encoding: chunked\r\n\r\n`);
  // The app reads the body by then.
  await new Promise((resolve) => setTimeout(resolve, 100));
  await write("ZZ\r\n");
  while (await conn.read(new Uint8Array(4_096)).catch(() => null));
  await new Promise((resolve) => setTimeout(resolve, 100));
  assertEquals(warnings, []);
});
