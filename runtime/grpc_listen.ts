/** Opening and closing a gRPC server's port. */
import { type Server, ServerCredentials } from "@grpc/grpc-js";
import { before } from "./deadline.ts";

/** Listens without TLS and gives the port; 0 asks for a free one. Rejects with the reason in words. */
export function listen(server: Server, { host, port }: { host: string; port: number }): Promise<number> {
  const address = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, actual) => {
      if (error) reject(new Error(inWords(error.message)));
      else resolve(actual);
    });
  });
}

/** grpc-js gives no code, only a text with Node's codes in it. */
function inWords(message: string): string {
  const words = {
    EADDRINUSE: "the port is in use",
    EADDRNOTAVAIL: "this machine has no such address",
    EACCES: "it is not allowed",
  };
  return Object.entries(words).find(([code]) => message.includes(code))?.[1] ?? message;
}

/** Ends politely, or after `ms` by force: clients may hold on to their connections. */
export async function shutdown(server: Server, ms: number): Promise<void> {
  await before(ms, new Promise<void>((resolve) => server.tryShutdown(() => resolve())));
  server.forceShutdown();
}
