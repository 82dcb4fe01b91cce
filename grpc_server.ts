/**
 * The service's composition root: settings → log → chat → calls.
 * `deno task grpc` runs it alone; start.ts runs it beside a gateway.
 */
import { logVerbosity, Server, setLogVerbosity } from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";
import { Chat } from "./chat/chat.ts";
import { makeTokens } from "./chat/tokens.ts";
import { type EngineSettings, openEngine } from "./log/open.ts";
import * as descriptors from "./protos/descriptors.ts";
import { ChatError } from "./protos/errors.ts";
import { limits } from "./protos/limits.ts";
import { boundCalls } from "./runtime/grpc_bounds.ts";
import { addHealth } from "./runtime/grpc_health.ts";
import { listen, shutdown } from "./runtime/grpc_listen.ts";
import { addReflection } from "./runtime/grpc_reflection.ts";
import { type Journal, terminal } from "./runtime/journal.ts";
import { type Running, runProcess } from "./runtime/process.ts";
import type { Settings } from "./runtime/settings.ts";
import { Calls } from "./service/calls.ts";
import { chatDefinition, chatServiceName } from "./service/definition.ts";

/** What starting a ChatService needs. */
export type ChatServiceSettings = Pick<Settings, "grpcHost" | "grpcPort"> & EngineSettings;

/** A ChatService that takes calls. */
export interface ChatService extends Running {
  /** The port that it got. */
  readonly port: number;
}

/** Opens the log and takes calls. Throws a ChatError that says what to do. */
export async function startChatService(
  settings: ChatServiceSettings,
  { journal, now = Date.now }: { journal: Journal; now?: () => number },
): Promise<ChatService> {
  // grpc-js writes to stderr by itself; what matters of it comes back as errors, and is told once.
  setLogVerbosity(logVerbosity.NONE);
  const { log, signals, keys } = await openEngine(settings, { tell: (text) => journal.info(text) });
  const tokens = await makeTokens(keys, { now });
  const chat = new Chat({ log, signals, tokens, now });
  const calls = new Calls(chat, journal);
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
  const port = await listen(server, { host, port: grpcPort, most: limits.connections }).catch(
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
    close: async () => {
      for (const name of ["", chatServiceName]) health.setStatus(name, "NOT_SERVING");
      await calls.streams.drain(limits.drainMs / 2);
      await shutdown(server, limits.drainMs / 2);
      await closeLog();
    },
  };
}

const reflectionNames = ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];

if (import.meta.main) {
  await runProcess("grpc", async (settings) => {
    const service = await startChatService(settings, { journal: terminal });
    terminal.say(`gRPC server started on port ${service.port}`);
    return service;
  }, { journal: terminal, drainMs: limits.drainMs });
}
