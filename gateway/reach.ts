/** How a gateway reaches ChatService, by its settings. */
import { byTls } from "../runtime/setting_values.ts";
import { type Settings, table } from "../runtime/settings.ts";
import type { Dial } from "./upstream.ts";

/** What the settings say of it. */
export type ReachSettings =
  & Pick<Settings, "chatAddress">
  & Partial<Pick<Settings, "chatTlsCert" | "chatTlsKey">>;

/** Where the ChatServices are, and how to connect to them if not plainly. */
export interface Reach {
  /** host:port, with commas between. */
  readonly addresses: string;
  readonly dial: Dial | undefined;
}

/** Reads what TLS needs. Throws, saying what to do. */
export async function reach(
  { chatAddress, chatTlsCert: cert = "", chatTlsKey: key = "" }: ReachSettings,
): Promise<Reach> {
  const addresses = chatAddress.replace(byTls, "");
  const isTls = addresses !== chatAddress;
  if (!cert && !key && !isTls) return { addresses, dial: undefined };
  if (!isTls) {
    const { env } = cert ? table.chatTlsCert : table.chatTlsKey;
    throw new Error(
      `Cannot use ${env}: there is no TLS, write ${byTls} before the address in ${table.chatAddress.env}.`,
    );
  }
  const [{ dialTls }, { readIdentity }] = await Promise.all([
    import("./dial_tls.ts"),
    import("../runtime/tls_files.ts"),
  ]);
  const identity = cert || key
    ? await readIdentity({ env: table.chatTlsCert.env, file: cert }, { env: table.chatTlsKey.env, file: key })
    : undefined;
  return { addresses, dial: (endpoint) => dialTls(endpoint, identity) };
}
