/** A fresh id of 128 random bits. `crypto.randomUUID` is missing on plain-http pages of other hosts. */
export function clientId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
