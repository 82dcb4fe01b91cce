/** Which pages may open a socket or sign in here. A browser names its page's origin on both, and lets any page try. */

/** Where a gateway can be reached, as far as it knows. */
export interface OriginRules {
  /** The address it listens on. */
  readonly host: string;
  /** More origins, as set by the operator. */
  readonly origins: readonly string[];
}

const loopback = ["localhost", "127.0.0.1", "[::1]"];

/**
 * True if a page of `origin` may connect to a gateway that was asked for as `requestHost` (the Host header).
 *
 * No origin means that it is no browser. A gateway on a loopback address takes only pages that were loaded
 * under a loopback name too: another name that points here is somebody's DNS trick.
 */
export function isAllowedOrigin(
  origin: string | undefined,
  requestHost: string,
  { host, origins }: OriginRules,
): boolean {
  if (origin === undefined || origins.includes(origin)) return true;
  if (!/^https?:\/\//.test(origin) || !URL.canParse(origin)) return false;
  const page = new URL(origin);
  if (page.host !== requestHost.toLowerCase()) return false;
  const isLocal = host === "localhost" || host === "::1" || host.startsWith("127.");
  return !isLocal || loopback.includes(page.hostname);
}
