/** The compiled contract: what grpc-js serves and calls with, and what reflection shows. */
import type { Buffer } from "node:buffer";
import { fileURLToPath } from "node:url";
import type { ServiceDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

/** One .proto file, compiled. */
export interface DescribedFile {
  /** As in `import`, such as `grpc/health/v1/health.proto`. */
  readonly name: string;
  readonly package: string;
  /** The serialized FileDescriptorProto, as buf wrote it. */
  readonly bytes: Uint8Array;
}

const set = Deno.readFileSync(new URL("./gen/descriptors.binpb", import.meta.url));

/** All files of the contract. */
export const files: readonly DescribedFile[] = fields(set).filter(({ number }) => number === 1).map(
  ({ bytes }) => {
    const text = (number: number) =>
      new TextDecoder().decode(fields(bytes).find((field) => field.number === number)?.bytes);
    return { name: text(1), package: text(2), bytes };
  },
);

// From the .proto files, because proto-loader gives snake_case names when it loads a descriptor set.
// `longs: Number` is the one setting for 64-bit numbers on both doors: a seq stays below 2^53.
const definitions = loadSync(files.map(({ name }) => name), {
  includeDirs: [fileURLToPath(new URL(".", import.meta.url))],
  longs: Number,
  enums: String,
  defaults: true,
  oneofs: true,
});

/** Full names of all services, messages and enums. */
export const symbols: readonly string[] = Object.keys(definitions);

/** Full names of the services. */
export const serviceNames: readonly string[] = symbols.filter((name) =>
  !("format" in (definitions[name] ?? {}))
);

/** A service by its full name. */
export function serviceDefinition(name: string): ServiceDefinition {
  return definitions[name] as ServiceDefinition;
}

/** Stands in for a message that could not be read. `id` is its first field, if that is a number; for frames, their id. */
export class Malformed {
  constructor(readonly reason: string, readonly id: number) {}
}

/**
 * The service, with methods that give a handler {@linkcode Malformed} where grpc-js would answer INTERNAL with
 * no reason, or read something that was not sent: protobufjs cuts a string short when the message ends too
 * early, and reads bytes that are not UTF-8 as U+FFFD, where the specification has a parser refuse them.
 */
export function strict(service: ServiceDefinition): ServiceDefinition {
  const methods = Object.entries(service).map(([name, method]) => {
    const requestDeserialize = (bytes: Buffer) => decodeStrictly(bytes, method.requestDeserialize);
    return [name, { ...method, requestDeserialize }];
  });
  return Object.fromEntries(methods);
}

function decodeStrictly(bytes: Buffer, decode: (bytes: Buffer) => object): object {
  try {
    fields(bytes);
    const message = decode(bytes);
    const replaced = countReplaced(message);
    // A text may well hold U+FFFD itself.
    if (replaced === 0 || replaced <= count(bytes.toString("latin1"), "\xEF\xBF\xBD")) return message;
    return new Malformed("a text in it is not valid UTF-8", firstNumber(bytes));
  } catch (error) {
    const why = error instanceof RangeError ? error.message : "it is not what the contract says";
    return new Malformed(why, firstNumber(bytes));
  }
}

/** The number in field 1, where a message begins with it; 0 if it does not. */
function firstNumber(bytes: Uint8Array): number {
  if (bytes[0] !== 0x08) return 0;
  let value = 0;
  for (let i = 1; i <= 8; i++) {
    const byte = bytes[i] ?? 0;
    value += (byte & 0x7f) * 2 ** (7 * (i - 1));
    if (byte < 0x80) return Number.isSafeInteger(value) ? value : 0;
  }
  return 0;
}

function countReplaced(value: unknown): number {
  if (typeof value === "string") return value.includes("\uFFFD") ? count(value, "\uFFFD") : 0;
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return 0;
  return Object.values(value).reduce((sum: number, part) => sum + countReplaced(part), 0);
}

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}

/** The length-delimited fields at the top of a serialized message. Throws if the message ends too early. */
function fields(message: Uint8Array): { number: number; bytes: Uint8Array }[] {
  const found: { number: number; bytes: Uint8Array }[] = [];
  let at = 0;
  const skip = (length: number) => {
    if (length > message.length - at) throw new RangeError("it ends too early");
    at += length;
  };
  const varint = () => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = message[at] ?? 0;
      skip(1);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError("a number in it is too long");
  };
  while (at < message.length) {
    const tag = varint();
    const wireType = tag % 8;
    if (wireType === 0) varint();
    else if (wireType === 1) skip(8);
    else if (wireType === 5) skip(4);
    else if (wireType === 2) {
      const length = varint();
      skip(length);
      found.push({ number: Math.floor(tag / 8), bytes: message.subarray(at - length, at) });
    } else throw new RangeError(`wire type ${wireType} is not used any more`);
  }
  return found;
}
