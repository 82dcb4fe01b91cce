/** Certificates and keys, from PEM files that settings name. What could only fail later, at a handshake, fails here. */
import { createPrivateKey, X509Certificate } from "node:crypto";

/** A file, and the setting that names it. */
export interface NamedFile {
  readonly env: string;
  readonly file: string;
}

/** Who we are: PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

/** Reads a certificate, with those between it and its authority behind it, and its key. Throws, saying what to do. */
export async function readIdentity(cert: NamedFile, key: NamedFile): Promise<Identity> {
  for (const [one, other] of [[cert, key], [key, cert]] as const) {
    if (!one.file) throw new Error(`Cannot use ${other.env}: ${one.env} is not set, give both.`);
  }
  const [certificate = "", keyText] = [await readCertificates(cert), await read(key)];
  const refuse = (why: string) => new Error(`Cannot use ${key.env} "${key.file}": ${why}.`);
  const matches = () => {
    try {
      return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(keyText));
    } catch (error) {
      const cause = { cause: error };
      throw new Error(
        refuse("it holds no key that can be read, give a PEM file without a password").message,
        cause,
      );
    }
  };
  if (!matches()) throw refuse(`it is not the key of ${cert.env}, give that one`);
  return { cert: certificate, key: keyText };
}

/** Reads certificates, one or more. Throws, saying what to do. */
export async function readCertificates(named: NamedFile): Promise<string> {
  const text = await read(named);
  const all = text.match(/-----BEGIN CERTIFICATE-----[^]+?-----END CERTIFICATE-----/g) ?? [];
  const wrong = all.length === 0
    ? "it holds no certificate, give a PEM file"
    : all.map(faultOf).find(Boolean);
  if (wrong) throw new Error(`Cannot use ${named.env} "${named.file}": ${wrong}.`);
  return all.join("\n");
}

/** What is wrong with a certificate. */
function faultOf(pem: string): string | undefined {
  const certificate = parse(pem);
  if (!certificate) return "one of its certificates is damaged, make it anew";
  // node:tls in Deno 2.9 takes whoever has seen such a one for its owner (denoland/deno#36248), and others refuse it.
  if (!isVersion3(certificate.raw)) return "it is an X.509 certificate of version 1, make one of version 3";
  const { validFromDate, validToDate } = certificate;
  const now = Date.now();
  if (now > validToDate.getTime()) return `it was good until ${validToDate.toISOString()}, make a new one`;
  if (now < validFromDate.getTime()) {
    return `it is good only from ${validFromDate.toISOString()}, look at the clock`;
  }
  return undefined;
}

function parse(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

/** RFC 5280, 4.1: two SEQUENCEs are open, and of the inner one the version comes first, unless it is 1. */
function isVersion3(der: Uint8Array): boolean {
  const bodyAt = (at: number) => at + 2 + ((der[at + 1] ?? 0) < 0x80 ? 0 : (der[at + 1] ?? 0) & 0x7f);
  const at = bodyAt(bodyAt(0));
  return [0xa0, 3, 2, 1, 2].every((byte, i) => der[at + i] === byte);
}

async function read({ env, file }: NamedFile): Promise<string> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    throw new Error(`Cannot use ${env} "${file}": ${inWords(error)}.`, { cause: error });
  }
}

function inWords(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file, look for it";
  if (error instanceof Deno.errors.NotCapable) {
    return "this process may read only its own folder, /run/secrets and /run/credentials, put it there";
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return "it may not be read, change its owner or its mode";
  }
  return error instanceof Error ? error.message : String(error);
}
