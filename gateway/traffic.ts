/** What all sockets of a gateway have carried, for its operator. */
export interface Traffic {
  /** WebSocket messages. */
  received: number;
  sent: number;
  /** In UTF-16 units, of what was sent. */
  characters: number;
}

/** None yet. */
export function noTraffic(): Traffic {
  return { received: 0, sent: 0, characters: 0 };
}
