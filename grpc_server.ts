/**
 * The service's composition root: settings → log → chat → calls.
 * `deno task grpc` runs it alone; start.ts runs it beside a gateway.
 */
import { logVerbosity, Server, setLogVerbosity } from "@grpc/grpc-js";
import type { Duplex } from "node:stream";
import { HealthImplementation } from "grpc-health-check";
import { Chat } from "./chat/chat.ts";
import { makeTokens } from "./chat/tokens.ts";
import { type EngineSettings, openEngine } from "./log/open.ts";
import * as descriptors from "./protos/descriptors.ts";
import { ChatError } from "./protos/errors.ts";
import { limits } from "./protos/limits.ts";
import { boundCalls } from "./runtime/grpc_bounds.ts";
import { addHealth } from "./runtime/grpc_health.ts";
import { connectInside, listen, shutdown } from "./runtime/grpc_listen.ts";
import { addReflection } from "./runtime/grpc_reflection.ts";
import { type Journal, terminal } from "./runtime/journal.ts";
import type { Metrics } from "./runtime/metrics.ts";
import { type Running, runProcess } from "./runtime/process.ts";
import { type Settings, table } from "./runtime/settings.ts";
import type { ServerTls } from "./runtime/tls_door.ts";
import { readCertificates, readIdentity } from "./runtime/tls_files.ts";
import { Calls } from "./service/calls.ts";
import { chatDefinition, chatServiceName } from "./service/definition.ts";

/** What starting a ChatService needs. */
export type ChatServiceSettings = Pick<Settings, "grpcHost" | "grpcPort"> & TlsSettings & EngineSettings;

type TlsSettings = Partial<Pick<Settings, "grpcTlsCert" | "grpcTlsKey" | "grpcTlsClientCa">>;

/** A ChatService that takes calls. */
export interface ChatService extends Running {
  /** The port that it got. */
  readonly port: number;
  /** Connects from within the process, without TLS. */
  connect(): Duplex;
}

/** Opens the log and takes calls. Throws a ChatError that says what to do. */
export async function startChatService(
  settings: ChatServiceSettings,
  { journal, metrics, now = Date.now }: {
    journal: Journal;
    metrics?: Metrics | undefined;
    now?: () => number;
  },
): Promise<ChatService> {
  // grpc-js writes to stderr by itself; what matters of it comes back as errors, and is told once.
  setLogVerbosity(logVerbosity.NONE);
  const tls = await readTls(settings);
  const { log, lag, signals, keys } = await openEngine(settings, { tell: (text) => journal.info(text) });
  const tokens = await makeTokens(keys, { now });
  const chat = new Chat({ log, signals, tokens, now });
  const calls = new Calls(chat, journal);
  if (metrics) (await import("./service/measure.ts")).measureService(metrics, { log, lag, chat, calls });
  const server = new Server({
    "grpc.max_receive_message_length": limits.grpcMessageBytes,
    "grpc.max_concurrent_streams": limits.streamsPerConnection,
    // Finds connections whose other end is gone without a word.
    "grpc.keepalive_time_ms": limits.heartbeatMs,
    "grpc.keepalive_timeout_ms": limits.silenceMs - limits.heartbeatMs,
    interceptors: [boundCalls({ ...limits, endingMs: limits.slowReaderMs })],
  });
  const health = new HealthImplementation({ "": "SERVING", [chatServiceName]: "SERVING" });
  server.addService(chatDefinition, calls.implementation());
  const tools = { streams: calls.streams, share: { most: limits.watchers } };
  addHealth(server, health, tools);
  addReflection(server, descriptors, {
    versions: reflectionNames.map(descriptors.serviceDefinition),
    ...tools,
    silenceMs: limits.silenceMs,
  });
  chat.closed.catch((error) => {
    journal.warn("Cannot follow the log any longer; leaving, so that a restart can begin anew.", error);
    Deno.exit(1);
  });

  const closeLog = async () => {
    await chat.close();
    await log.close();
  };
  const { grpcHost: host, grpcPort } = settings;
  const port = await listen(server, { host, port: grpcPort, most: limits.connections, tls }).catch(
    async ({ message }) => {
      await closeLog();
      throw new ChatError(
        "UNAVAILABLE",
        `Cannot listen on "${host}:${grpcPort}": ${message}, choose another GRPC_PORT or GRPC_HOST.`,
      );
    },
  );
  return {
    port,
    connect: () => connectInside(server),
    close: async () => {
      for (const name of ["", chatServiceName]) health.setStatus(name, "NOT_SERVING");
      await calls.streams.drain(limits.drainMs / 2);
      await shutdown(server, limits.drainMs / 2);
      await closeLog();
    },
  };
}

/** Without TLS it is undefined. */
async function readTls(
  { grpcTlsCert = "", grpcTlsKey = "", grpcTlsClientCa = "" }: TlsSettings,
): Promise<ServerTls | undefined> {
  if (!grpcTlsCert && !grpcTlsKey && !grpcTlsClientCa) return undefined;
  const identity = await readIdentity(
    { env: table.grpcTlsCert.env, file: grpcTlsCert },
    { env: table.grpcTlsKey.env, file: grpcTlsKey },
  );
  if (!grpcTlsClientCa) return identity;
  const clientCa = await readCertificates({ env: table.grpcTlsClientCa.env, file: grpcTlsClientCa });
  return { ...identity, clientCa };
}

const reflectionNames = ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];

if (import.meta.main) {
  await runProcess("grpc", async (settings, metrics) => {
    const service = await startChatService(settings, { journal: terminal, metrics });
    terminal.say(`gRPC server started on port ${service.port}`);
    return service;
  }, { journal: terminal, drainMs: limits.drainMs });
}
