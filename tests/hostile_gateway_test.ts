/** What a hostile browser, or somebody on the way to it, tries with a gateway. */
import { assert, assertEquals } from "@std/assert";
import { Bridge } from "../gateway/bridge.ts";
import { lobby } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";
import { silent } from "../runtime/journal.ts";
import { FrameSocket, signIn } from "./doors.ts";
import { quietPort, serveChat, serveWeb } from "./harness.ts";

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
  });
  assertEquals((await socket.ask({ send: { text: "still here", clientId: "1" } })).sent?.seq, 1);
  assert(frames.every(({ parting }) => !parting));
});
