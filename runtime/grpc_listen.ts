/** Opening and closing a gRPC server's port. */
import { type Server, ServerCredentials } from "@grpc/grpc-js";
import { type AddressInfo, createServer, type Server as NetServer } from "node:net";
import { before } from "./deadline.ts";
import { withoutGoaway } from "./grpc_goaway.ts";

type ConnectionInjector = ReturnType<Server["createConnectionInjector"]>;

/** The door of each server, and what lets its connections in. */
const doors = new WeakMap<Server, { door: NetServer; injector: ConnectionInjector }>();

/** Listens without TLS and gives the port; 0 asks for a free one. Rejects with the reason in words. */
export function listen(server: Server, { host, port }: { host: string; port: number }): Promise<number> {
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const door = createServer({ noDelay: true }, (socket) => injector.injectConnection(withoutGoaway(socket)));
  doors.set(server, { door, injector });
  return new Promise((resolve, reject) => {
    door.once("error", (error) => reject(new Error(inWords(error.message))));
    door.listen(port, host, () => resolve((door.address() as AddressInfo).port));
  });
}

/** Node gives its codes in the text. */
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
  const open = doors.get(server);
  if (open) {
    // Resolves when every connection has ended, and so has sent its last answer.
    const closed = new Promise<void>((resolve) => open.door.close(() => resolve()));
    // Ends its sessions, each once its calls are answered, for all its name.
    open.injector.destroy();
    await before(ms, closed);
  }
  server.forceShutdown();
}
