/**
 * Asks the process on this machine whether it serves, for a container's health check. Exits 0 if each door
 * that is open answers that it does, and 1 if one does not or none is open. PORT and GRPC_PORT say where.
 */
import { Buffer } from "node:buffer";
import tls from "node:tls";
import * as grpc from "@grpc/grpc-js";
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

// grpc.health.v1: an empty request asks for the server as a whole, and the answer's first field is 1 for SERVING.
// By hand, because the packages that know it read .proto files, for which a gateway has no permission.
const check = {
  path: "/grpc.health.v1.Health/Check",
  request: () => Buffer.alloc(0),
  answer: (bytes: Buffer): Answer => bytes.equals(Buffer.of(8, 1)) ? "serves" : "does not serve",
};

/** With TLS it may let nobody in who has no certificate. That it begins is enough: ChatService listens only while it serves. */
function askByTls(port: number): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = tls.connect({ host: "127.0.0.1", port, ALPNProtocols: ["h2"], rejectUnauthorized: false });
    const answer = (answer: Answer) => {
      resolve(answer);
      socket.destroy();
    };
    socket.setTimeout(patienceMs, () => answer("does not serve"));
    socket.once("secureConnect", () => answer("serves"));
    socket.once("error", ({ message }) => answer(/ECONNREFUSED/.test(message) ? "closed" : "does not serve"));
  });
}

function askChatService(port: number): Promise<Answer> {
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  return new Promise<Answer>((resolve) => {
    const deadline = Date.now() + patienceMs;
    client.makeUnaryRequest(check.path, check.request, check.answer, {}, { deadline }, (error, answer) => {
      if (error) resolve(error.code === grpc.status.UNAVAILABLE ? "closed" : "does not serve");
      else resolve(answer ?? "does not serve");
    });
  }).finally(() => client.close());
}

if (import.meta.main) {
  const port = (setting: { env: string; default: string }) =>
    Number(Deno.env.get(setting.env) || setting.default);
  const doors = {
    page: await askGateway(port(table.port)),
    gRPC: await (Deno.env.get(table.grpcTlsCert.env) ? askByTls : askChatService)(port(table.grpcPort)),
  };
  terminal.say(Object.entries(doors).map(([door, answer]) => `${door}: ${answer}`).join(", "));
  const answers = Object.values(doors);
  Deno.exit(answers.includes("serves") && !answers.includes("does not serve") ? 0 : 1);
}
