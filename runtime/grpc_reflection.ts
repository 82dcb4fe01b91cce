/**
 * Server reflection, v1 and v1alpha, straight from the bytes of a FileDescriptorSet. (@grpc/reflection builds
 * its descriptors anew, which `buf curl` refuses for more than one file.)
 */
import type {
  Server,
  ServerDuplexStream,
  ServiceDefinition,
  UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { status } from "@grpc/grpc-js";
import type { Share, Streams } from "./grpc_streams.ts";

/** What there is to describe. */
export interface Described {
  /** Each with its serialized FileDescriptorProto. */
  readonly files: readonly { readonly name: string; readonly package: string; readonly bytes: Uint8Array }[];
  /** Full names of services, messages and enums. */
  readonly symbols: readonly string[];
  /** Full names of services. */
  readonly serviceNames: readonly string[];
}

interface Question {
  readonly messageRequest?: string;
  readonly fileByFilename?: string;
  readonly fileContainingSymbol?: string;
}

/** How reflection is served. */
export interface ReflectionOptions {
  /** The service's definition in each of its versions. */
  readonly versions: readonly ServiceDefinition[];
  /** Who holds the streams. */
  readonly streams: Streams;
  readonly share: Share;
  /** A tool that has asked nothing for so long has its answers. */
  readonly silenceMs: number;
}

/** Adds the reflection service. */
export function addReflection(
  server: Server,
  described: Described,
  { versions, streams, share, silenceMs }: ReflectionOptions,
): void {
  const implementation: UntypedServiceImplementation = {
    serverReflectionInfo: (call: ServerDuplexStream<Question, object>) =>
      streams.run(call, share, async ({ ends }) => {
        const ended = Promise.withResolvers<void>();
        let silence = setTimeout(ended.resolve, silenceMs);
        call.on("data", (question: Question) => {
          clearTimeout(silence);
          silence = setTimeout(ended.resolve, silenceMs);
          const isFull = !call.write({ originalRequest: question, ...answer(question, described) });
          if (isFull) call.pause().once("drain", () => call.resume());
        });
        call.on("end", ended.resolve);
        ends.addEventListener("abort", () => ended.resolve());
        await ended.promise;
        clearTimeout(silence);
      }),
  };
  for (const version of versions) server.addService(version, implementation);
}

function answer(question: Question, { files, symbols, serviceNames }: Described): object {
  switch (question.messageRequest) {
    case "listServices":
      return { listServicesResponse: { service: serviceNames.map((name) => ({ name })) } };
    case "fileByFilename":
      return describe(files.find(({ name }) => name === question.fileByFilename), question.fileByFilename);
    case "fileContainingSymbol": {
      const asked = question.fileContainingSymbol ?? "";
      // A method or a nested type stands in the file of what it is part of.
      const symbol = symbols.find((name) => asked === name || asked.startsWith(`${name}.`));
      return describe(files.find((file) => symbol?.startsWith(`${file.package}.`)), asked);
    }
    default:
      return notFound("Cannot find extensions: there are none here.");
  }
}

function describe(file: { bytes: Uint8Array } | undefined, asked = ""): object {
  // Our files import nothing, so one file is the whole answer.
  if (file) return { fileDescriptorResponse: { fileDescriptorProto: [file.bytes] } };
  return notFound(`Cannot find "${asked}": this server does not define it.`);
}

function notFound(errorMessage: string): object {
  return { errorResponse: { errorCode: status.NOT_FOUND, errorMessage } };
}
