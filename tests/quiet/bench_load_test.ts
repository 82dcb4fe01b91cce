/** The benchmark under load: that it finds what a server loses, and runs. How fast anything is, is not tested. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Generator } from "../../bench/generator.ts";
import type { ConnectOrder, LoadReport } from "../../bench/generator/orders.ts";
import { shapes } from "../../bench/shapes.ts";
import { run } from "../harness.ts";

/** What a broadcaster of the tests' own does with the message of that number, for that client. */
type Temper = (number: number, client: number) => "send" | "drop" | "twice";

/** A broadcaster, and the generator's report of one second at 100 messages a second among four clients. */
async function loadWith(temper: Temper, heard: (number: number) => void = () => {}): Promise<LoadReport> {
  const sockets: WebSocket[] = [];
  let number = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onopen = () => sockets.push(socket);
    socket.onmessage = ({ data }) => {
      heard(++number);
      sockets.forEach((socket, client) => {
        const what = temper(number, client);
        for (let i = { drop: 0, send: 1, twice: 2 }[what]; i > 0; i--) socket.send(data);
      });
    };
    return response;
  });
  const closed = () => sockets.every(({ readyState }) => readyState === WebSocket.CLOSED);
  try {
    await using generator = new Generator();
    const order: Omit<ConnectOrder, "do"> = {
      door: "plain",
      port: server.addr.port,
      clients: 4,
      rooms: ["r"],
      writers: 2,
      replay: 0,
      atOnce: 4,
      patienceSeconds: 10,
    };
    await generator.connect(order);
    const load = { perSecond: 100, warmSeconds: 0, seconds: 1, drainSeconds: 0.5, pids: [Deno.pid] };
    return await generator.load(load);
  } finally {
    while (!closed()) await new Promise((resolve) => setTimeout(resolve, 10));
    await server.shutdown();
  }
}

Deno.test("every delivery is counted, and what a server loses or doubles is found", async () => {
  const good = await loadWith(() => "send");
  assertEquals([good.sent, good.delivered, good.lost, good.disordered, good.diverging], [100, 400, 0, 0, 0]);
  assertEquals(good.latency.count, 400);
  const bad = await loadWith((number, client) =>
    client !== 3 ? "send" : number % 10 === 0 ? "drop" : "twice"
  );
  assertEquals([bad.delivered, bad.lost, bad.disordered], [390, 10, 90]);
});

Deno.test("a server that stands still is charged for every message that was due meanwhile", async () => {
  const stall = (number: number) => {
    if (number !== 20) return;
    const until = performance.now() + 400;
    while (performance.now() < until);
  };
  const { latency, sent, lost } = await loadWith(() => "send", stall);
  assertEquals([sent, lost], [100, 0]);
  // Of a hundred messages some forty were due in those 400 ms. Asking one after the other would see one late.
  assert(latency.max >= 390, `${latency.max}`);
  assert(latency.p90 >= 250, `${latency.p90}`);
});

Deno.test("all shapes run, and lose nothing", async () => {
  const { code, stdout, stderr } = await run([
    Deno.execPath(),
    "task",
    "-q",
    "bench",
    "--quick",
    "--peers",
    "ours,deno",
  ]);
  assertEquals(code, 0, stdout + stderr);
  const took = shapes.filter(({ quickCells, peers }) =>
    quickCells.some((cell) => peers(cell).includes("ours"))
  );
  for (const { title } of took) assertStringIncludes(stdout, `\n${title}\n`);
  assertEquals(/\b(?:lost|disordered|closed) [1-9]/.exec(stdout)?.[0], undefined, stdout);
});
