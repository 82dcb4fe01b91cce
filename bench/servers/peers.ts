/** All servers that are measured, in the order of the tables. */
import { bun, socketio, ws } from "./peers_npm.ts";
import { mosquitto, nats } from "./peers_debian.ts";
import { broadcaster } from "./peer_c.ts";
import { bare } from "./peer_deno.ts";
import { tutorial } from "./peer_tutorial.ts";
import { ours } from "./peer_ours.ts";
import { oursOnNats } from "./peer_ours_nats.ts";
import type { Peer } from "./peer.ts";

/** Ours first; the one in C shows what the machine itself takes. */
export const peers: readonly Peer[] = [
  ours,
  oursOnNats,
  bare,
  bun,
  ws,
  socketio,
  nats,
  mosquitto,
  broadcaster,
  tutorial,
];
