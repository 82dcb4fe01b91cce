/** What a reader holds, as one number: two that hold the same events from the same place on have the same. */

/** The part of one event. */
export function eventHash({ seq, sender, clientId, text }: {
  readonly seq: number;
  readonly sender: string;
  readonly clientId: string;
  readonly text: string;
}): number {
  let hash = Math.imul(seq, 0x9e3779b1);
  for (const part of [sender, clientId, text]) {
    for (let i = 0; i < part.length; i++) hash = Math.imul(hash ^ part.charCodeAt(i), 0x01000193);
    hash = Math.imul(hash ^ 0xff, 0x01000193);
  }
  return hash >>> 0;
}

/** Adds an event. The order is checked by seq, so that the sum need not know it. */
export function addHash(digest: number, hash: number): number {
  return (digest + hash) % 0x1_0000_0000;
}
