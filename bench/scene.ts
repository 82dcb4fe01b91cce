/** A server with everybody connected, ready to be measured. */
import { workFolder } from "./cache.ts";
import { Generator } from "./generator.ts";
import type { Connected, Door } from "./generator/orders.ts";
import { guests } from "./servers/guests.ts";
import type { Peer, Place, Server } from "./servers/peer.ts";

/** Who is there. */
export interface Crowd {
  readonly clients: number;
  /** How many will come in their place. They have to have signed in before the server starts. */
  readonly later?: number;
  /** One room if it is left out. */
  readonly rooms?: number;
  /** Those who write, in each room. */
  readonly writers: number;
  readonly door?: Door;
  /** By default the server's usual one. */
  readonly port?: (server: Server) => number;
  /** Further ones, which clients take in turns. */
  readonly morePorts?: (server: Server) => readonly number[];
  readonly replay?: number;
  /** A few talk before anybody comes, so that a server of which little is asked is as it is after some time: compiled. */
  readonly isWarm?: boolean;
}

/** The stage. */
export interface Scene<S extends Server> extends AsyncDisposable {
  readonly server: S;
  readonly generator: Generator;
  readonly connected: Connected;
}

/** How many are on their way in at a time: more than wait in the shortest queue of a listening socket would be lost. */
const atOnce = 100;

/** Those who talk before anybody comes: as fast as browsers may, and about as long as V8 looks at what is used. */
const few = { clients: 4, writers: 4 };
const talk = { perSecond: 200, warmSeconds: 0, seconds: 6, drainSeconds: 5, pids: [] };

/** How long all may take to come in. */
const patienceSeconds = 60;

/** What starts a server of its own kind. */
export type StarterOf<S extends Server> = Omit<Peer, "start"> & { start(place: Place): Promise<S> };

/** Starts a server, and lets everybody in. */
export async function setScene<S extends Server>(
  peer: StarterOf<S>,
  crowd: Crowd,
): Promise<Scene<S>> {
  await using stack = new AsyncDisposableStack();
  const rooms = roomNames(crowd.rooms ?? 1);
  const tokens = needsTokens(crowd.door ?? peer.door)
    ? await guests(Math.max(crowd.clients, crowd.later ?? 0))
    : undefined;
  const folder = stack.use(await workFolder());
  const server = stack.use(await peer.start({ folder: folder.path, rooms }));
  const generator = stack.use(new Generator());
  if (crowd.isWarm) {
    await enter(generator, { peer, server, crowd: { ...crowd, ...few }, tokens });
    await generator.load(talk);
  }
  const connected = await enter(generator, { peer, server, crowd, tokens });
  const rest = stack.move();
  return { server, generator, connected, [Symbol.asyncDispose]: () => rest.disposeAsync() };
}

/** Lets a crowd in, in the place of the one before. */
export async function enter(
  generator: Generator,
  { peer, server, crowd, tokens }: {
    peer: Peer;
    server: Server;
    crowd: Crowd;
    tokens?: string | undefined;
  },
): Promise<Connected> {
  const { clients, rooms = 1, writers, door = peer.door, port = () => server.port, replay = 0 } = crowd;
  const morePorts = crowd.morePorts?.(server) ?? [];
  const file = tokens ?? (needsTokens(door) ? await guests(clients) : undefined);
  return await generator.connect({
    door,
    port: port(server),
    morePorts,
    clients,
    rooms: roomNames(rooms),
    writers,
    replay,
    atOnce,
    patienceSeconds,
    ...(file !== undefined && { tokens: file }),
  });
}

/** The names of so many rooms; a single one is the lobby. */
export function roomNames(count: number): string[] {
  return count === 1 ? ["lobby"] : Array.from({ length: count }, (_, i) => `bench-${i}`);
}

function needsTokens(door: Door): boolean {
  return door === "ours" || door === "writers" || door === "session";
}
