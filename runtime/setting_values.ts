/** What settings may be: each gives the value, or says in one clause what is wrong with it. */

/** A setting's text, parsed. */
export type Parsed<T> = { value: T } | { wrong: string };

/** A port; 0 is one, too. */
export function port(text: string): Parsed<number> {
  const value = Number(text);
  if (/^\d{1,5}$/.test(text) && value <= 65_535) return { value };
  return { wrong: "a port is a whole number from 0 to 65535" };
}

/** An address to listen on, IPv6 with or without brackets. */
export function host(text: string): Parsed<string> {
  const bare = text.replace(/^\[(.*)\]$/, "$1");
  if (/^[a-z0-9.:_-]+$/i.test(bare)) return { value: bare };
  return { wrong: "it is not a host name or an IP address" };
}

/** One host:port, or several. */
/** What stands before addresses that are reached by TLS. */
export const byTls = "grpcs://";

export function addresses(text: string): Parsed<string> {
  const isAddress = (one: string) => {
    const match = /^(\[[0-9a-f:]+\]|[a-z0-9._-]+):(\d{1,5})$/i.exec(one);
    return match !== null && Number(match[2]) > 0 && Number(match[2]) <= 65_535;
  };
  const scheme = text.startsWith(byTls) ? byTls : "";
  const all = text.split(",").map((one) => one.trim());
  if (scheme === "" && all.some((one) => one.startsWith(byTls))) {
    return { wrong: `TLS is for all addresses or for none, write ${byTls} before the first` };
  }
  const bare = all.map((one) => one.slice(one.startsWith(scheme) ? scheme.length : 0));
  if (bare.every(isAddress)) return { value: scheme + bare.join(",") };
  return { wrong: "an address is host:port, such as localhost:50051, with commas between several" };
}

/** A folder, which need not be there. */
export function folder(text: string): Parsed<string> {
  const value = text.replace(/(?<=.)\/+$/, "");
  return value !== "" && !value.includes("\0") ? { value } : { wrong: "it is not a folder's name" };
}

/** Which engine keeps the log, and where. */
export function logUrl(text: string): Parsed<string> {
  if (/^sqlite:file:/i.test(text)) return { wrong: "file: addresses are not taken, give the file's path" };
  if (/^sqlite:.+/s.test(text) && !text.includes("\0")) return { value: text };
  if (/^(nats|tls):\/\//.test(text)) {
    const form = /^[a-z]+:\/\/([^@/\s]+@)?[^@/\s]+(\/[A-Za-z0-9_-]{1,64})?$/;
    if (form.test(text.replaceAll(/,(nats|tls):\/\//g, ","))) return { value: text };
    return { wrong: "a log in NATS is nats://<host:port>, more with commas between, and then /<stream>" };
  }
  return { wrong: "a log is sqlite:<file>, sqlite::memory: or nats://<host:port>" };
}

/** A file; empty for none. */
export function file(text: string): Parsed<string> {
  return text.includes("\0") ? { wrong: "it is not a file's name" } : { value: text };
}

/** A number of servers that can have a majority; 0 leaves it to the engine. */
export function replicas(text: string): Parsed<number> {
  return /^[0135]$/.test(text) ? { value: Number(text) } : { wrong: "it is 0, 1, 3 or 5" };
}

/** Origins as browsers write them; empty for none. */
export function origins(text: string): Parsed<readonly string[]> {
  const list = text.split(",").map((part) => part.trim()).filter((part) => part !== "");
  const bad = list.find((part) => !URL.canParse(part) || new URL(part).origin !== part);
  if (bad === undefined) return { value: list };
  return { wrong: `"${bad}" is not an origin: scheme and host, no path, such as https://chat.example.org` };
}
