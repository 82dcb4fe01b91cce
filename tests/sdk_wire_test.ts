/** The client library on a wire that the test holds in its hands: what it sends, and what it makes of what comes. */
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { ChatError } from "../protos/errors.ts";
import { readFrame } from "../sdk/frames.ts";
import { type Client, type ConnectOptions, connectOver, type Transport } from "../sdk/mod.ts";
import { pause, until } from "./chaos/wait.ts";
import { type FarEnd, Wires } from "./wires.ts";

const timing = { firstMs: 5, mostMs: 20, heartbeatMs: 20_000, silenceMs: 50_000, openingMs: 1_000 };

async function join(options: Partial<ConnectOptions> = {}): Promise<{ wires: Wires; chat: Client }> {
  const wires = new Wires();
  const chat = await connectOver(wires, { name: "ann", timing, ...options });
  return { wires, chat };
}

Deno.test("P4 once: sdk: what was not answered goes again on the next wire, same ids, same order; what was answered does not", async () => {
  const { wires, chat } = await join();
  await using _ = chat;
  const sends = ["a", "b", "c"].map((text) => chat.send({ text }));
  await until(() => wires.now.texts().length === 3, "three sends");
  const [first] = wires.ends;
  first?.store("b", 2);
  first?.end();
  await until(() => wires.ends.length === 2 && wires.now.texts().length === 2, "two sends again");
  assertEquals(wires.now.texts(), ["a", "c"]);
  const ids = (end: FarEnd | undefined) => end?.all("send").map(({ body }) => body.clientId);
  assertEquals(ids(wires.ends[1]), [ids(first)?.[0], ids(first)?.[2]]);
  wires.now.store("c", 3);
  wires.now.store("a", 1);
  assertEquals((await Promise.all(sends)).map(({ seq }) => seq), [1, 2, 3]);
  assertEquals(wires.signIns, 1, "one who has a token does not sign in again");
});

Deno.test("P2 ordered: sdk: at most a depth of sends is under way, and a refusal that may pass holds the later ones back", async () => {
  const { wires, chat } = await join({ depth: 4 });
  await using _ = chat;
  const texts = Array.from({ length: 8 }, (_, i) => `${i}`);
  const sends = Promise.all(texts.map((text) => chat.send({ text })));
  const end = wires.now;
  await until(() => end.texts().length === 4, "the first four");
  end.store("0", 1);
  assertEquals(end.texts(), ["0", "1", "2", "3", "4"]);
  end.refuse("1", "RESOURCE_EXHAUSTED", true);
  for (const text of ["2", "3"]) end.refuse(text, "RESOURCE_EXHAUSTED", true);
  await pause(50);
  assertEquals(end.texts().length, 5, "nothing is sent while a later one is under way");
  end.refuse("4", "RESOURCE_EXHAUSTED", true);
  await until(() => end.texts().length > 5, "the refused one again", { ms: 20_000 });
  let seq = 1;
  while (seq < 8) {
    const next = `${seq}`;
    await until(() => end.texts().slice(5).includes(next), `${next} again`);
    end.store(next, ++seq);
  }
  await sends;
  assertEquals(end.texts().slice(5), ["1", "2", "3", "4", "5", "6", "7"]);
});

Deno.test("sdk: a refusal that stays is the caller's, and holds up nobody", async () => {
  const { wires, chat } = await join();
  await using _ = chat;
  const bad = assertRejects(() => chat.send({ text: "bad" }));
  const good = chat.send({ text: "good" });
  await until(() => wires.now.texts().length === 2, "both");
  wires.now.refuse("bad", "INVALID_ARGUMENT", false);
  wires.now.store("good", 1);
  const error = await bad;
  assertInstanceOf(error, ChatError);
  assertEquals(error.code, "INVALID_ARGUMENT");
  assertEquals((await good).seq, 1);
});

Deno.test("P7 honest: sdk: a refusal that names no command ends the wire, and what waited is asked for again", async () => {
  const told: string[] = [];
  const { wires, chat } = await join({
    onConnection: (state) => told.push(state.is === "waiting" ? state.why.code : state.is),
  });
  await using _ = chat;
  const sending = chat.send({ text: "a" });
  await until(() => wires.now.texts().length === 1, "a send");
  wires.now.say({ id: 0, refused: { code: "INVALID_ARGUMENT", message: "Cannot read it." } });
  await until(() => wires.ends.length === 2 && wires.now.texts().length === 1, "the send again", {
    ms: 2_000,
  });
  wires.now.store("a", 1);
  assertEquals((await sending).seq, 1);
  assertEquals(told, ["live", "INVALID_ARGUMENT", "connecting", "live"]);
});

Deno.test("P7 honest: sdk: one whom a server cannot even let in is told so", async () => {
  const wires = new Wires();
  const dials: number[] = [];
  const unreadable: Transport = {
    rate: wires.rate,
    signIn: (asked) => wires.signIn(asked),
    open: (token) => wires.open(token),
    dial: (_token, { onReady, onFrame }) => {
      dials.push(performance.now());
      queueMicrotask(() => {
        onReady();
        onFrame(readFrame({ refused: { code: "INVALID_ARGUMENT", message: "Cannot read it." } }));
      });
      return { send: () => {}, close: () => Promise.resolve() };
    },
  };
  const signal = AbortSignal.timeout(1_000);
  const error = await assertRejects(() => connectOver(unreadable, { name: "ann", timing, signal }));
  assertEquals([(error as ChatError).code, dials.length], ["INVALID_ARGUMENT", 1]);
});

Deno.test("P7 honest: sdk: a command that breaks each wire is given up, wherever it stands; the others are not", async () => {
  for (const position of [0, 1, 7, 15, 16, 30]) {
    const { wires, chat } = await join({ timing: { ...timing, firstMs: 0, mostMs: 0 } });
    const texts = Array.from({ length: 32 }, (_, i) => i === position ? "poison" : `${i}`);
    const sends = Promise.allSettled(texts.map((text) => chat.send({ text })));
    const stored: string[] = [];
    const serving = setInterval(() => {
      const end = wires.now;
      // At once, before anything else is answered.
      if (end.texts().includes("poison")) return end.end();
      for (const text of end.texts()) if (!stored.includes(text)) end.store(text, stored.push(text));
    }, 1);
    const outcomes = (await sends).map(({ status }) => status);
    clearInterval(serving);
    assertEquals(outcomes, texts.map((text) => text === "poison" ? "rejected" : "fulfilled"));
    assertEquals(stored, texts.filter((text) => text !== "poison"), "in order, and once");
    assert(wires.ends.length <= 20, `${wires.ends.length} wires`);
    await chat.close();
  }
});

Deno.test("P4 once: sdk: what is sent under an empty id has a fresh one, and keeps it", async () => {
  const { wires, chat } = await join();
  await using _ = chat;
  const sending = chat.send({ text: "a", clientId: "" });
  const idOf = (end: FarEnd) => end.all("send")[0]?.body.clientId;
  const first = idOf(wires.now);
  wires.now.end();
  await until(() => wires.ends.length === 2 && wires.now.texts().length === 1, "the send again");
  assert(first);
  assertEquals(idOf(wires.now), first);
  wires.now.store("a", 1);
  await sending;
});

Deno.test("sdk: a parting's delay is honoured; one that says not to come back ends the client, and tells why", async () => {
  const { wires, chat } = await join();
  const began = performance.now();
  wires.now.say({ parting: { code: "SHUTTING_DOWN", message: "Cannot go on.", retry: true, delayMs: 300 } });
  await until(() => wires.ends.length === 2, "another wire");
  assert(performance.now() - began >= 295);
  const waiting = assertRejects(() => chat.send({ text: "never answered" }));
  wires.now.say({ parting: { code: "PERMISSION_DENIED", message: "Cannot go on: banned.", retry: false } });
  assertEquals((await chat.closed())?.code, "PERMISSION_DENIED");
  assertInstanceOf(await waiting, ChatError);
  assertInstanceOf(await assertRejects(() => chat.send({ text: "too late" })), ChatError);
  assertEquals(wires.ends.length, 2);
});

Deno.test("P6 closed: sdk: who is taken off the session does not come back, even if the wire breaks before the parting", async () => {
  const { wires, chat } = await join();
  const waiting = assertRejects(() => chat.send({ text: "never answered" }));
  wires.now.say({ closed: { person: 7, code: "UNAUTHENTICATED", message: "Cannot go on: signed out." } });
  wires.now.end();
  await until(() => chat.connection.is === "closed", "the client to end", { ms: 2_000 });
  const why = await chat.closed();
  assertEquals([why?.code, why?.message], ["UNAUTHENTICATED", "Cannot go on: signed out."]);
  assertEquals(await waiting, why);
  await pause(50);
  assertEquals(wires.ends.length, 1);
});

Deno.test("sdk: a person is shown again on the next wire, and no longer once they left, however the room is spelled", async () => {
  const { wires, chat } = await join();
  await using _ = chat;
  const show = (room: string, gone = false) => {
    const shown = chat.presence({ room, gone });
    wires.now.say({ id: wires.now.all("presence").at(-1)?.id, done: {} });
    return shown;
  };
  await show("caf\u00e9");
  await show("lobby");
  wires.now.end();
  await until(() => wires.ends.length === 2 && wires.now.all("presence").length === 2, "both again");
  await show("cafe\u0301", true);
  await show("", true);
  wires.now.end();
  await until(() => wires.ends.length === 3 && chat.connection.is === "live", "another wire");
  assertEquals(wires.now.all("presence"), []);
});

Deno.test("sdk: heartbeats go out while nothing else does, and a server that says nothing is taken for dead", async () => {
  const told: string[] = [];
  const { wires, chat } = await join({
    timing: { ...timing, heartbeatMs: 20, silenceMs: 120 },
    onConnection: (state) => told.push(state.is === "waiting" ? state.why.code : state.is),
  });
  await using _ = chat;
  const alive = setInterval(() => wires.now.say({ heartbeat: {} }), 15);
  await pause(300);
  assertEquals(wires.ends.length, 1);
  assert(wires.now.all("heartbeat").length >= 5);
  clearInterval(alive);
  await until(() => wires.ends.length > 1, "another wire");
  assertEquals(told.slice(0, 4), ["live", "SILENT", "connecting", "live"]);
});

Deno.test("sdk: a signal ends a wait with its reason, and what was given up is not sent again", async () => {
  const { wires, chat } = await join({ depth: 1 });
  await using _ = chat;
  const stop = new AbortController();
  const first = chat.send({ text: "first" });
  const [given, queued] = ["on the wire", "in the queue"].map((text) =>
    chat.send({ text }, { signal: stop.signal })
  );
  wires.now.store("first", 1);
  await first;
  await until(() => wires.now.texts().length === 2, "the second");
  const reason = new Error("enough");
  stop.abort(reason);
  assertEquals(await Promise.allSettled([given, queued]), [
    { status: "rejected", reason },
    { status: "rejected", reason },
  ]);
  wires.now.end();
  const last = chat.send({ text: "last" });
  await until(() => wires.ends.length === 2 && wires.now.texts().length === 1, "another wire");
  assertEquals(wires.now.texts(), ["last"]);
  wires.now.store("last", 2);
  await last;
});

Deno.test("sdk: a name that an unanswered sign-in may have taken is asked for again; one that somebody has is not", async () => {
  const wires = new Wires();
  const unreached = new ChatError("UNAVAILABLE", "Cannot reach it.");
  const taken = new ChatError("NAME_TAKEN", "Cannot use the name.");
  wires.signInErrors.push(unreached, taken, taken);
  await using _ = await connectOver(wires, { name: "ann", timing });
  assertEquals(wires.signIns, 4);

  const others = new Wires();
  others.signInErrors.push(taken);
  assertEquals(await assertRejects(() => connectOver(others, { name: "ann", timing })), taken);
});

Deno.test("sdk: a token is renewed before it expires, so that one who stays for months remains who they are", async () => {
  const { wires, chat } = await join();
  await using _ = chat;
  wires.now.end();
  await until(() => wires.ends.length === 2, "another wire");
  assertEquals(wires.signIns, 1);

  const others = new Wires();
  others.tokenMs = 100;
  await using other = await connectOver(others, { name: "ann", timing });
  await pause(60);
  others.now.end();
  await until(() => others.ends.length === 2, "another wire");
  assertEquals([others.signIns, other.principal.id], [2, "guest:1"]);
});
