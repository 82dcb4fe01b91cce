import { grpcClient, send, spawn } from "/work/main/tests/harness.ts";
const [width, total, wait] = Deno.args.map(Number);
await using server = await spawn("grpc", { env: { CHAT_LOG: `sqlite::memory:` } });
using client = grpcClient(server.port);
for (let i = 1; i <= total; i += width) {
  await Promise.all(Array.from({ length: width }, (_, k) => send(client, { username: "ann", message: `${i + k}` })));
}
await new Promise((r) => setTimeout(r, wait));
await server.kill("SIGTERM");
await new Promise((r) => setTimeout(r, 300));
