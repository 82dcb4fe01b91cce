/**
 * Asks the process on this machine whether it serves, for a container's health check. Exits 0 if each door
 * that is open answers that it does, and 1 if one does not or none is open. PORT and GRPC_PORT say where.
 */
import * as grpc from "@grpc/grpc-js";
import { service } from "grpc-health-check";
import { terminal } from "./journal.ts";
import { table } from "./settings.ts";

/** What a door says; "closed" if nobody listens, which for a role that has no such door is as it should be. */
type Answer = "serves" | "does not serve" | "closed";

const patienceMs = 3_000;

async function askGateway(port: number): Promise<Answer> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`, {
      signal: AbortSignal.timeout(patienceMs),
    });
    await response.body?.cancel();
    return response.ok ? "serves" : "does not serve";
  } catch (error) {
    return error instanceof TypeError ? "closed" : "does not serve";
  }
}

function askChatService(port: number): Promise<Answer> {
  const Health = grpc.makeClientConstructor(service, "Health");
  const health = new Health(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  return new Promise<Answer>((resolve) => {
    const deadline = Date.now() + patienceMs;
    health.check?.({ service: "" }, { deadline }, (
      error: grpc.ServiceError | null,
      reply?: { status: string | number },
    ) => {
      if (error) resolve(error.code === grpc.status.UNAVAILABLE ? "closed" : "does not serve");
      else resolve(reply?.status === "SERVING" || reply?.status === 1 ? "serves" : "does not serve");
    });
  }).finally(() => health.close());
}

if (import.meta.main) {
  const port = (setting: { env: string; default: string }) =>
    Number(Deno.env.get(setting.env) || setting.default);
  const doors = {
    page: await askGateway(port(table.port)),
    gRPC: await askChatService(port(table.grpcPort)),
  };
  terminal.say(Object.entries(doors).map(([door, answer]) => `${door}: ${answer}`).join(", "));
  const answers = Object.values(doors);
  Deno.exit(answers.includes("serves") && !answers.includes("does not serve") ? 0 : 1);
}
