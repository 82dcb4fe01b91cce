/** Certificates of authorities that only a test knows, by openssl, and what is tried with them. */
import tls from "node:tls";
import { GrpcClient } from "../gateway/grpc_client.ts";
import { serviceDefinition } from "../protos/descriptors.ts";
import { run } from "./harness.ts";

/** A certificate and its key, as files and as PEM. */
export interface Issued {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

/** What a certificate is like. */
export interface CertificateOptions {
  /** In days from now. */
  readonly until?: number;
  /** In the form of openssl; none makes one of version 1. */
  readonly extensions?: string[];
}

const ofHere = ["subjectAltName=DNS:localhost,IP:127.0.0.1"];

/** Makes certificates into a folder. */
export class Certificates {
  readonly #folder: string;
  #count = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** An authority. */
  authority(name: string): Promise<Issued> {
    return this.#make(
      name,
      (key, cert) => ["req", "-x509", ...key, "-subj", `/CN=${name}`, "-days", "2", "-out", cert],
    );
  }

  /** A certificate, good for localhost unless told otherwise. */
  issue(
    name: string,
    by: Issued,
    { until = 2, extensions = ofHere }: CertificateOptions = {},
  ): Promise<Issued> {
    return this.#make(name, async (key, cert) => {
      const [request, file] = [`${cert}.csr`, `${cert}.ext`];
      await openssl(["req", ...key, "-subj", `/CN=${name}`, "-out", request]);
      await Deno.writeTextFile(file, extensions.join("\n"));
      const signed = ["-CA", by.certFile, "-CAkey", by.keyFile, "-days", String(until)];
      const withThem = extensions.length > 0 ? ["-extfile", file] : [];
      return ["x509", "-req", "-in", request, ...signed, ...withThem, "-out", cert];
    });
  }

  async #make(
    name: string,
    last: (key: string[], cert: string) => string[] | Promise<string[]>,
  ): Promise<Issued> {
    const stem = `${this.#folder}/${++this.#count}-${name.replaceAll(/\W/g, "-")}`;
    const [certFile, keyFile] = [`${stem}.pem`, `${stem}.key`];
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", keyFile];
    await openssl(await last(key, certFile));
    const [cert, keyText] = await Promise.all([certFile, keyFile].map((file) => Deno.readTextFile(file)));
    return { certFile, keyFile, cert: cert ?? "", key: keyText ?? "" };
  }
}

async function openssl(args: string[]): Promise<void> {
  const { code, stderr } = await run(["openssl", ...args]);
  if (code !== 0) throw new Error(stderr);
}

/** The settings of a ChatService with TLS; with an authority, only its clients come in. */
export function settingsOf({ certFile, keyFile }: Issued, ca?: Issued): Record<string, string> {
  const own = { CHAT_LOG: "sqlite::memory:", GRPC_TLS_CERT: certFile, GRPC_TLS_KEY: keyFile };
  return ca ? { ...own, GRPC_TLS_CLIENT_CA: ca.certFile } : own;
}

const sendMethod = serviceDefinition("chat.ChatService").SendMessage as never;

/** What comes of a call: "OK", or that it was not let in. */
export async function callByTls(port: number, options: tls.ConnectionOptions): Promise<string> {
  const dial = () => tls.connect({ host: "localhost", port, ALPNProtocols: ["h2"], ...options });
  const client = new GrpcClient(`localhost:${port}`, dial);
  const answer = await client.call(sendMethod, {
    request: { username: "caller", message: "hi" } as never,
    ms: 5_000,
  });
  client.close();
  return "value" in answer ? "OK" : answer.code || "refused";
}
