/** Clients that share no code with us: Debian's python3-grpcio, with stubs from the tutorial's file or the contract, and buf. */
import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { serviceDefinition } from "../protos/descriptors.ts";
import { limits } from "../protos/limits.ts";
import { grpcClient, send, Stream } from "./doors.ts";
import { run, serveChat, toolArgs } from "./harness.ts";
import { onLogs } from "./logs.ts";
import { runPython } from "./python.ts";

interface Told {
  answers: { success: boolean; message: string }[];
  received: { username: string; message: string; timestamp: string }[];
}

onLogs(
  "P3 complete: the tutorial's Python client sends, is replayed the last 100, then follows live",
  async (log) => {
    await using chat = await serveChat(log);
    const told = await runPython("tutorial", [`127.0.0.1:${chat.port}`]) as Told | undefined;
    if (!told) return;
    assertEquals(told.answers.length, 155);
    assert(told.answers.every(({ success, message }) => success && message !== ""));
    assertEquals(
      told.received.map(({ message }) => message),
      Array.from({ length: 105 }, (_, i) => `message ${i + 51}`),
    );
    for (const { username, timestamp } of told.received) {
      assertEquals(username, "ann");
      assertMatch(timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
      assert(Math.abs(Date.parse(timestamp) - Date.now()) < 120_000, "the server's clock says the time");
    }
  },
);

onLogs(
  "P2 ordered: 200 Python streams on one channel get what 20 senders say, once, in one order",
  async (log) => {
    await using chat = await serveChat(log);
    const lists = await runPython("crowd", [`127.0.0.1:${chat.port}`, 200, 20, 10]) as string[][] | undefined;
    if (!lists) return;
    assertEquals(lists.length, 200);
    const [first = []] = lists;
    const sent = Array.from({ length: 200 }, (_, i) => `${Math.floor(i / 10)}:${i % 10}`);
    assertEquals(first.toSorted(), sent.toSorted());
    for (const list of lists) assertEquals(list, first);
    for (let sender = 0; sender < 20; sender++) {
      const own = first.filter((text) => text.startsWith(`${sender}:`));
      assertEquals(own, own.toSorted(), "a sender's messages keep their order");
    }
  },
);

Deno.test("Python with nothing but the generated stubs signs in, makes a room, speaks, edits, reacts, reads and follows", async () => {
  await using chat = await serveChat();
  const told = await runPython("guest", [`127.0.0.1:${chat.port}`], { protos: "protos" });
  if (!told) return;
  assertEquals(told, {
    key: "ann",
    taken: ["ALREADY_EXISTS", "NAME_TAKEN"],
    same: true,
    "no token": ["UNAUTHENTICATED", "UNAUTHENTICATED"],
    room: ["attic", "tea", "Ann", 1],
    "not yours": ["PERMISSION_DENIED", "PERMISSION_DENIED"],
    again: [true, true],
    "not your text": ["PERMISSION_DENIED", "PERMISSION_DENIED"],
    read: [3, 3],
    rooms: ["attic", "lobby"],
    history: ["settings", "message", "edited", "reacted"],
    text: ["hello @Ann", ["ann"]],
    followed: true,
    live: ["message", "edited", "deleted"],
    seqs: [0, 1, 2],
    people: ["Ann"],
    refused: "FAILED_PRECONDITION",
    ends: ["OK", "OK"],
  });
});

/** Proto3 by hand, so that it may be wrong: a field of wire type 2. */
function field(number: number, value: string | Uint8Array): number[] {
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
  const length = [];
  for (let left = bytes.length; left > 0 || length.length === 0; left >>>= 7) {
    length.push(left & 0x7f | (left > 0x7f ? 0x80 : 0));
  }
  return [number << 3 | 2, ...length, ...bytes];
}

interface RawCase {
  method: string;
  hex: string;
  /** Whether answers come in a stream, or questions too. */
  stream?: boolean | "both ways";
}

interface Answered {
  code: string;
  details: string;
  hex: string;
}

const sendMethod = "/chat.ChatService/SendMessage";
const streamMethod = "/chat.ChatService/StreamMessages";
const sessionMethod = "/chat.ChatService/Session";

function raw(
  bytes: readonly number[],
  { method = sendMethod, stream = false }: Partial<Pick<RawCase, "method" | "stream">> = {},
): RawCase {
  return { method, hex: new Uint8Array(bytes).toHex(), stream };
}

/** Sends raw messages from Python to a ChatService that then must have stored nothing, and must still serve. */
async function answersToRaw(cases: RawCase[]): Promise<Answered[] | undefined> {
  await using chat = await serveChat();
  using client = grpcClient(chat.port);
  using bystander = new Stream(client, { username: "bystander" });
  const good = raw([...field(1, "ann"), ...field(2, "still here")]);
  const answers = await runPython("raw", [`127.0.0.1:${chat.port}`], { stdin: [...cases, good] }) as
    | Answered[]
    | undefined;
  if (!answers) return undefined;
  assertEquals(answers.pop()?.code, "OK", "the same connection still works");
  await send(client, { username: "bob", message: "and so do others" });
  const texts = (await bystander.count(2)).map(({ message }) => message);
  assertEquals(texts, ["still here", "and so do others"], "nothing of what was refused was stored");
  return answers;
}

Deno.test("bytes that are no message, or too many, get a code and a reason, and the server goes on", async () => {
  const ann = field(1, "ann");
  const cases = {
    "text that is not UTF-8": raw([...ann, ...field(2, new Uint8Array([0x68, 0xff, 0xfe]))]),
    "a name that is not UTF-8": raw([...field(1, new Uint8Array([0xc3, 0x28])), ...field(2, "hi")]),
    "a truncated message": raw([...ann, ...field(2, "hello there")].slice(0, -5)),
    "no protobuf at all": raw([0xff, 0xff, 0xff, 0xff]),
    "a stream's request, truncated": raw(ann.slice(0, -1), { method: streamMethod, stream: true }),
    "too much": raw([...ann, ...field(2, "x".repeat(limits.grpcMessageBytes))]),
    "a wrong method": raw(ann, { method: "/chat.ChatService/Shout" }),
    "a wrong service": raw(ann, { method: "/chat.Other/SendMessage" }),
    "a frame, truncated": raw([...field(2, new Uint8Array(ann))].slice(0, -2), {
      method: sessionMethod,
      stream: "both ways",
    }),
  };
  const answers = await answersToRaw(Object.values(cases));
  if (!answers) return;
  const [text, name, truncated, garbage, stream, large, method, service, frame] = answers;
  for (const answer of [text, name]) assertMatch(answer?.details ?? "", /UTF-8/);
  for (const answer of [text, name, truncated, garbage, stream]) {
    assertEquals(answer?.code, "INVALID_ARGUMENT");
    assertMatch(answer?.details ?? "", /^Cannot read the message: .+\.$/);
  }
  for (const answer of [truncated, stream]) assertMatch(answer?.details ?? "", /ends too early/);
  assertEquals(large?.code, "RESOURCE_EXHAUSTED");
  assertStringIncludes(large?.details ?? "", String(limits.grpcMessageBytes));
  assertEquals([method?.code, service?.code], ["UNIMPLEMENTED", "UNIMPLEMENTED"]);
  assertStringIncludes(method?.details ?? "", "Shout");
  assertEquals(frame?.code, "OK", "a session goes on");
  const told = new TextDecoder().decode(Uint8Array.fromHex(frame?.hex ?? ""));
  assertMatch(told, /INVALID_ARGUMENT.+Cannot read the message: it ends too early/);
});

Deno.test("names and texts that break a rule are refused with the rule, on both calls, and not stored", async () => {
  const limit = String(limits.nameBytes);
  const names: [string, string][] = [
    ["", "empty"],
    ["   ", "empty"],
    ["\u3164", "empty"],
    ["n".repeat(limits.nameBytes + 1), limit],
    ["é".repeat(limits.nameBytes / 2 + 1), limit],
    ["n".repeat(50_000), limit],
    ["an\nn", "control"],
    ["an\u0007n", "control"],
    ["ann\u202Egro", "direction"],
    ["\u2066ann", "direction"],
    ["an\u200Bn", "invisible"],
  ];
  const textLimit = limits.textBytes.toLocaleString("en-US");
  const texts: [string, string][] = [
    ["", "nothing to see"],
    [" \n\t\u2028 ", "nothing to see"],
    ["\u200B\u2060", "nothing to see"],
    ["x".repeat(limits.textBytes + 1), textLimit],
    ["日".repeat(limits.textBytes / 3 + 1), textLimit],
  ];
  const cases = [
    ...names.map(([name]) => raw([...field(1, name), ...field(2, "hi")])),
    ...names.map(([name]) => raw(field(1, name), { method: streamMethod, stream: true })),
    ...texts.map(([text]) => raw([...field(1, "ann"), ...field(2, text)])),
  ];
  const expected = [...names, ...names, ...texts];
  const answers = await answersToRaw(cases);
  if (!answers) return;
  assertEquals(answers.length, expected.length);
  for (const [i, { code, details }] of answers.entries()) {
    assertEquals(code, "INVALID_ARGUMENT", details);
    assertMatch(details, /^Cannot [^\p{Cc}\p{Cf}]+\.$/u);
    assertStringIncludes(details, expected[i]?.[1] ?? "");
    if (/\d/.test(expected[i]?.[1] ?? "")) assertStringIncludes(details, "bytes");
  }
});

/** `buf curl` with nothing but the address: what it knows of the service, it was told by reflection. */
function bufCurl(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const buf = [Deno.execPath(), ...toolArgs, "npm:@bufbuild/buf@1.74.0/buf", "curl"];
  return run([...buf, "--protocol", "grpc", "--http2-prior-knowledge", ...args]);
}

Deno.test("buf curl lists the services and their methods by reflection, sends, and asks for health", async () => {
  await using chat = await serveChat();
  const address = `http://127.0.0.1:${chat.port}`;
  const services = await bufCurl("--list-services", address);
  assertEquals(services.stdout.trim().split("\n").toSorted(), [
    "chat.ChatService",
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
  ]);
  const methods = await bufCurl("--list-methods", address);
  for (const method of Object.keys(serviceDefinition("chat.ChatService"))) {
    assertStringIncludes(methods.stdout, `chat.ChatService/${method}\n`);
  }
  const sent = await bufCurl("-d", `{"username": "buf", "message": "hi"}`, `${address}${sendMethod}`);
  assertEquals(sent.code, 0, sent.stderr);
  assertEquals(JSON.parse(sent.stdout).success, true);
  using client = grpcClient(chat.port);
  using stream = new Stream(client, { username: "reader" });
  assertEquals((await stream.count(1)).map(({ username, message }) => [username, message]), [["buf", "hi"]]);
  const method = (name: string) => `${address}/chat.ChatService/${name}`;
  const guest = JSON.parse((await bufCurl("-d", `{"name": "Ann"}`, method("SignIn"))).stdout);
  const header = ["-H", `authorization: Bearer ${guest.token}`];
  const said = await bufCurl(...header, "-d", `{"text": "hello"}`, method("Say"));
  assertEquals(JSON.parse(said.stdout).seq, "2", said.stderr);
  const described = await bufCurl(...header, method("DescribeRoom"));
  assertEquals(JSON.parse(described.stdout).head, "2", described.stderr);
  const nobody = await bufCurl("-d", `{"text": "hello"}`, method("Say"));
  assertStringIncludes(nobody.stderr, "unauthenticated");
  const refused = await bufCurl("-d", `{"username": "", "message": "hi"}`, `${address}${sendMethod}`);
  assertNotEquals(refused.code, 0);
  assertStringIncludes(refused.stderr, "invalid_argument");
  const health = await bufCurl(
    "-d",
    `{"service": "chat.ChatService"}`,
    `${address}/grpc.health.v1.Health/Check`,
  );
  assertEquals(JSON.parse(health.stdout), { status: "SERVING" });
});
