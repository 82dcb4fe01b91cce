/** The health service, whose watchers are streams like others: counted, and let go when the server drains. */
import type { handleServerStreamingCall, Server } from "@grpc/grpc-js";
import type { HealthImplementation } from "grpc-health-check";
import { aborted } from "./deadline.ts";
import type { Share, Streams } from "./grpc_streams.ts";

/** Adds the service. By itself it would watch on for as long as a client likes. */
export function addHealth(
  server: Server,
  health: HealthImplementation,
  { streams, share }: { streams: Streams; share: Share },
): void {
  health.addToServer({
    addService: (definition, { watch, ...others }) => {
      const begin = watch as handleServerStreamingCall<unknown, unknown>;
      server.addService(definition, {
        ...others,
        watch: ((call) =>
          streams.run(call, share, ({ ends }) => {
            begin(call);
            return aborted(ends);
          })) satisfies typeof begin,
      });
    },
  });
}
