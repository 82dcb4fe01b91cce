/** How NATS is reached: the address in `CHAT_LOG`, and the files that prove who we are. */
import { credsAuthenticator, nkeyAuthenticator, type NodeConnectionOptions } from "@nats-io/transport-node";
import { ChatError } from "../protos/errors.ts";

/** What the settings say of NATS. */
export interface NatsSettings {
  /** `nats://` or `tls://`, then `user:password@` or `token@` if need be, servers with commas between, `/` and a stream's name. */
  readonly url: string;
  /** A file of credentials, or of an nkey's seed. */
  readonly credentials?: string | undefined;
  /** PEM files: who we are. Whom to trust is for `DENO_CERT` to say, see docs/decisions/0012. */
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  /** On how many servers a record is kept; 0 for 3 in a cluster and 1 without. */
  readonly replicas?: number | undefined;
}

/** An address, taken apart. */
export interface NatsAddress {
  /** As it may be shown: without what is secret. */
  readonly shown: string;
  readonly stream: string;
  readonly options: NodeConnectionOptions;
}

const form = /^(nats|tls):\/\/(?:([^@/]*)@)?([^/@]+)(?:\/([A-Za-z0-9_-]{1,64}))?\/?$/;

/** Takes an address apart. Throws FAILED_PRECONDITION. */
export function parseNatsUrl(url: string): NatsAddress {
  // The form that NATS prints has the scheme before each server.
  const [, scheme, secret, hosts = "", stream = "CHAT"] =
    form.exec(url.replaceAll(/,(nats|tls):\/\//g, ",")) ??
      [];
  if (!scheme) {
    throw new ChatError(
      "FAILED_PRECONDITION",
      'Cannot use the address of the log: it is not of the form "nats://host:4222", give one that is.',
    );
  }
  const [user = "", password] = secret?.split(":", 2).map(decodeURIComponent) ?? [];
  return {
    shown: `${scheme}://${hosts}/${stream}`,
    stream,
    options: {
      servers: hosts.split(","),
      ...(scheme === "tls" && { tls: {} }),
      ...(secret !== undefined && (password === undefined ? { token: user } : { user, pass: password })),
    },
  };
}

/** What to connect with. Throws FAILED_PRECONDITION if a file cannot be read. */
export async function connectionOptions(settings: NatsSettings): Promise<NatsAddress> {
  const address = parseNatsUrl(settings.url);
  const { credentials, certificate, key } = settings;
  const files = { certFile: certificate, keyFile: key };
  const named = Object.entries(files).filter(([, file]) => file);
  for (const [, file] of named) await read(file ?? "");
  return {
    ...address,
    options: {
      ...address.options,
      ...(named.length > 0 && { tls: Object.fromEntries(named) }),
      ...(credentials && { authenticator: authenticate(await read(credentials)) }),
    },
  };
}

function authenticate(file: Uint8Array<ArrayBuffer>) {
  const text = new TextDecoder().decode(file).trim();
  return text.startsWith("SU") ? nkeyAuthenticator(new TextEncoder().encode(text)) : credsAuthenticator(file);
}

async function read(file: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await Deno.readFile(file);
  } catch (error) {
    const why = error instanceof Error ? error.message : error;
    throw new ChatError(
      "FAILED_PRECONDITION",
      `Cannot read "${file}": ${why}, check the NATS_ settings.`,
      { cause: error },
    );
  }
}
