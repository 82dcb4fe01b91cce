/** Session over gRPC. */
import tls from "node:tls";
import * as grpc from "@grpc/grpc-js";
import { serviceDefinition } from "../protos/descriptors.ts";
import { ChatError, type ErrorCode, errors, isErrorCode } from "../protos/errors.ts";
import type { ClientFrame } from "../protos/gen/chat/ClientFrame.ts";
import type { SignedIn__Output } from "../protos/gen/chat/SignedIn.ts";
import type { SignInRequest } from "../protos/gen/chat/SignInRequest.ts";
import { limits } from "../protos/limits.ts";
import { readFrame } from "./frames.ts";
import type { SignedIn, Transport, Wire, WireEvents } from "./transport.ts";

const service = serviceDefinition("chat.ChatService");
const sessionMethod = service.Session as grpc.MethodDefinition<ClientFrame, object>;
const signInMethod = service.SignIn as grpc.MethodDefinition<SignInRequest, SignedIn__Output>;

const channelOptions: grpc.ChannelOptions = {
  // Clients of one address would share a connection and its backoff; each try here is a fresh one.
  "grpc.use_local_subchannel_pool": 1,
  "grpc.initial_reconnect_backoff_ms": 1,
  "grpc.enable_http_proxy": 0,
  // Deno dies of a GOAWAY on a client that was idle for about 190 s (denoland/deno#36788).
  "grpc.client_idle_timeout_ms": 60_000,
  // A batch is bounded by its count and bytes of text; this only has to be above that.
  "grpc.max_receive_message_length": 16 * 1024 * 1024,
};

/** The certificate of a program, for servers that ask for one: PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

/** How a server is reached. */
export interface GrpcTransportOptions {
  /** By TLS, with a certificate or without. */
  readonly secure?: { readonly identity?: Identity | undefined } | undefined;
}

/** Makes a client, of a connection of its own. */
type MakeClient = () => grpc.Client;

/** The gRPC door at `host:port`. */
export function grpcTransport(address: string, { secure }: GrpcTransportOptions = {}): Transport {
  const credentials = secure ? byTls(secure.identity) : grpc.credentials.createInsecure();
  const make = () => new grpc.Client(address, credentials, channelOptions);
  return {
    rate: { perSecond: limits.commandsPerSecondGrpc, burst: limits.commandsBurstGrpc },
    signIn: (asked, { signal }) => signIn(make, asked, signal),
    dial: (_token, events) => dial(make, events),
    open: (token) => ({ token }),
  };
}

/** Trust is Deno's own: docs/decisions/0012 tells why no list of authorities may be given to node:tls. */
function byTls(identity: Identity | undefined): grpc.ChannelCredentials {
  return grpc.credentials.createFromSecureContext(tls.createSecureContext({ ...identity }));
}

function signIn(make: MakeClient, asked: SignInRequest, signal: AbortSignal): Promise<SignedIn> {
  const client = make();
  const { path, requestSerialize, responseDeserialize } = signInMethod;
  return new Promise<SignedIn>((resolve, reject) => {
    const call = client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      asked,
      (error, answer) => {
        signal.removeEventListener("abort", cancel);
        if (error) reject(toError(error));
        else if (!answer?.principal) {
          reject(new ChatError("INTERNAL", "Cannot sign in: the answer names nobody."));
        } else resolve({ ...answer, principal: answer.principal });
      },
    );
    const cancel = () => call.cancel();
    signal.addEventListener("abort", cancel);
  }).finally(() => client.close());
}

function dial(make: MakeClient, events: WireEvents): Wire {
  const client = make();
  const { path, requestSerialize, responseDeserialize } = sessionMethod;
  const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  const gone = Promise.withResolvers<void>();
  let open = true;
  // The server sends its headers at once, before anything is asked of it.
  call.on("metadata", () => open && events.onReady());
  call.on("data", (frame) => open && events.onFrame(readFrame(frame)));
  // The status says the same.
  call.on("error", () => {});
  call.on("status", (status: grpc.StatusObject) => {
    open = false;
    client.close();
    gone.resolve();
    const why = toError(status);
    events.onEnd({ why, comeBack: why.retry });
  });
  return {
    send: (frame) => void (open && call.write(frame)),
    close: () => {
      call.cancel();
      return gone.promise;
    },
  };
}

/** Statuses of gRPC's own that the table of errors has no word for. */
const others: Partial<Record<number, ErrorCode>> = {
  [grpc.status.OK]: "UNAVAILABLE",
  [grpc.status.CANCELLED]: "UNAVAILABLE",
  [grpc.status.UNKNOWN]: "UNAVAILABLE",
  // grpc-js says so of a connection that was cut in the middle of an answer; ours comes with its word.
  [grpc.status.INTERNAL]: "UNAVAILABLE",
  [grpc.status.DEADLINE_EXCEEDED]: "UNAVAILABLE",
};

function toError({ code, details, metadata }: grpc.StatusObject | grpc.ServiceError): ChatError {
  const word = String(metadata.get("chat-code")[0] ?? "");
  if (isErrorCode(word)) return new ChatError(word, details);
  const found = others[code] ??
    (Object.keys(errors) as ErrorCode[]).find((word) => errors[word].grpc === code);
  return new ChatError(found ?? "UNAVAILABLE", `Cannot go on: ${details || "the server ended the session"}.`);
}
