/** The figures that the servers tell Prometheus: true ones, in its format, on both servers and on each engine. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Metrics } from "../runtime/metrics.ts";
import { FrameSocket, grpcClient, Stream } from "./doors.ts";
import { bundle, eventually, quietPort, root, run, spawn, tempFolder } from "./harness.ts";
import { onLogs } from "./logs.ts";
import { onNats, serveNats } from "./nats_server.ts";

/** Figures by name, with their labels as they are written. */
type Figures = Readonly<Record<string, number>>;

/** Reads the format: a type before each figure, and a number behind it. */
function parse(text: string): Figures {
  const figures: Record<string, number> = {};
  const types = new Set<string>();
  for (const line of text.split("\n").filter((line) => line !== "")) {
    const [, typed] = /^# TYPE ([a-z_]+) (?:counter|gauge|histogram)$/.exec(line) ?? [];
    if (typed) types.add(typed);
    if (line.startsWith("#")) continue;
    const [, name = "", labels = "", value = ""] = /^([a-z_]+)(\{[a-z]+="[^"]*"\})? (\S+)$/.exec(line) ?? [];
    assert(types.has(name) || types.has(name.replace(/_(bucket|sum|count)$/, "")), line);
    assert(!Number.isNaN(Number(value.replace("+Inf", "Infinity"))), line);
    figures[name + labels] = Number(value);
  }
  return figures;
}

async function figuresOf(port: number): Promise<Figures> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  assertStringIncludes(response.headers.get("content-type") ?? "", "text/plain; version=0.0.4");
  return parse(await response.text());
}

/** Those of a process itself. */
function assertAlive(figures: Figures): void {
  assert((figures.process_resident_memory_bytes ?? 0) > 20e6, "RSS");
  assert((figures.process_cpu_seconds_total ?? 0) > 0.01, "CPU");
  assert(Math.abs((figures.process_start_time_seconds ?? 0) - Date.now() / 1_000) < 60, "start");
}

Deno.test("metrics are written as Prometheus reads them", () => {
  const metrics = new Metrics();
  metrics.gauge({ name: "a", help: "As it is." }, () => 1.5);
  const count = metrics.counters({ name: "b_total", help: "By kind.", label: "kind" });
  for (const kind of ["x", `"y\\\n`, "x"]) count(kind);
  const observe = metrics.histogram({ name: "c", help: "How long." }, [1, 2]);
  for (const value of [1, 1.5, 4]) observe(value);
  const lines = [
    "# HELP a As it is.",
    "# TYPE a gauge",
    "a 1.5",
    "# HELP b_total By kind.",
    "# TYPE b_total counter",
    'b_total{kind="x"} 2',
    String.raw`b_total{kind="\"y\\\n"} 1`,
    "# HELP c How long.",
    "# TYPE c histogram",
    'c_bucket{le="1"} 1',
    'c_bucket{le="2"} 2',
    'c_bucket{le="+Inf"} 3',
    "c_sum 6.5",
    "c_count 3",
    "",
  ];
  assertEquals(metrics.text(), lines.join("\n"));
});

onLogs("ChatService and gateway each tell how much they do and hold", async ({ env }) => {
  const [ofChat, ofWeb] = [String(quietPort()), String(quietPort())];
  await using chat = await spawn("grpc", { env: { ...env, METRICS_PORT: ofChat } });
  const chatAddress = `127.0.0.1:${chat.port}`;
  await using web = await spawn("web", { env: { CHAT_ADDRESS: chatAddress, METRICS_PORT: ofWeb } });
  using client = grpcClient(chat.port);
  using stream = new Stream(client, { username: "reader" });
  await using ann = await FrameSocket.join(web.port, "ann");
  await ann.ask({ createRoom: { room: "attic" } });
  await ann.ask({ follow: {} });
  for (const clientId of ["1", "2", "2"]) await ann.ask({ send: { text: "hi", clientId } });
  await ann.ask({ send: { room: "cellar", text: "hi" } });
  await stream.count(2);
  await ann.count(2);
  const chats = await figuresOf(Number(ofChat));
  assertAlive(chats);
  // The first delay is measured a while after the start.
  const delays = async () =>
    (await figuresOf(Number(ofChat))).switchboard_event_loop_delay_seconds_count ?? 0;
  await eventually(async () => await delays() > 0);
  const told = Object.fromEntries(
    Object.entries(chats).filter(([name]) =>
      /^switchboard_/.test(name) && !/_delay_|_bucket|_sum/.test(name)
    ),
  );
  assertEquals(told, {
    switchboard_append_seconds_count: 3,
    switchboard_events_stored_total: 3,
    switchboard_rooms: 2,
    switchboard_log_writable: 1,
    switchboard_log_lag_records: 0,
    'switchboard_commands_total{result="stored"}': 3,
    'switchboard_commands_total{result="duplicate"}': 1,
    'switchboard_commands_total{result="NOT_FOUND"}': 1,
    'switchboard_refusals_total{code="NOT_FOUND"}': 1,
    switchboard_sessions: 1,
    switchboard_readers: 1,
    switchboard_rooms_held: 2,
    switchboard_names_held: 1,
  });
  assertEquals(chats['switchboard_append_seconds_bucket{le="+Inf"}'], 3);
  const webs = await figuresOf(Number(ofWeb));
  assertAlive(webs);
  assertEquals(webs.switchboard_gateway_ready, 1);
  assertEquals([webs.switchboard_gateway_sockets, webs.switchboard_gateway_people], [1, 1]);
  assertEquals(webs.switchboard_gateway_rooms_held, 1);
  assertEquals(webs.switchboard_gateway_messages_received_total, 7);
  assert((webs.switchboard_gateway_messages_sent_total ?? 0) >= 7);
  assert((webs.switchboard_gateway_characters_sent_total ?? 0) > 7 * 20);
});

onNats("a ChatService whose NATS is away says that its log takes nothing", async () => {
  await using nats = await serveNats();
  await using folder = await tempFolder();
  const port = quietPort();
  const env = { CHAT_LOG: nats.url(), CHAT_DATA: folder.path, METRICS_PORT: String(port) };
  await using _ = await spawn("grpc", { env });
  const writable = async () => (await figuresOf(port)).switchboard_log_writable;
  assertEquals(await writable(), 1);
  await nats.kill();
  await eventually(async () => await writable() === 0);
});

Deno.test("both servers in one process tell theirs on one port, which serves nothing else", async () => {
  const port = quietPort();
  await using _ = await spawn("start", { env: { CHAT_LOG: "sqlite::memory:", METRICS_PORT: String(port) } });
  await eventually(async () => (await figuresOf(port)).switchboard_gateway_ready === 1);
  const figures = await figuresOf(port);
  assertEquals([figures.switchboard_sessions, figures.switchboard_gateway_sockets], [1, 0]);
  const status = async (path: string, method = "GET") => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
    await response.body?.cancel();
    return response.status;
  };
  assertEquals(await status("/"), 404);
  assertEquals(await status("/metrics", "POST"), 405);
});

Deno.test("a METRICS_PORT that is taken is told, with a remedy", async () => {
  await bundle();
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  const { code, stderr } = await run(
    ["timeout", "-s", "KILL", "15", Deno.execPath(), "run", "-q", "-P=web", "gateway/main.ts"],
    { cwd: root, env: { PORT: "0", METRICS_PORT: String(port) } },
  );
  assertEquals(code, 1);
  assertEquals(
    stderr.trim(),
    `Cannot listen on "127.0.0.1:${port}": the port is in use, choose another METRICS_PORT.`,
  );
});
