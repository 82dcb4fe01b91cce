/** Both servers in one process, still speaking gRPC between them: `deno task start`. */
import { startGateway } from "./gateway/main.ts";
import { startChatService } from "./grpc_server.ts";
import { limits } from "./protos/limits.ts";
import { terminal } from "./runtime/journal.ts";
import { runProcess } from "./runtime/process.ts";

await runProcess("start", async (settings, metrics) => {
  const service = await startChatService(settings, { journal: terminal, metrics });
  const chatAddress = `${reachable(settings.grpcHost)}:${service.port}`;
  // By the port, with TLS, the gateway would need a certificate of its own.
  const dial = settings.grpcTlsCert ? () => service.connect() : undefined;
  const gateway = await startGateway({ ...settings, chatAddress }, { journal: terminal, metrics, dial });
  terminal.say(`Chat page on ${gateway.url}`);
  terminal.say(`gRPC server started on port ${service.port}`);
  return {
    close: async () => {
      await gateway.close();
      await service.close();
    },
  };
}, { journal: terminal, drainMs: limits.drainMs });

/** An address that one can connect to, from one that was listened on. */
function reachable(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}
