/** Two gateways beside one, each with the same to do. */
import { loadColumns } from "../figures.ts";
import { setScene } from "../scene.ts";
import { keysOfGuests } from "../servers/guests.ts";
import { type Ours, startOurs } from "../servers/ours.ts";
import { ours } from "../servers/peer_ours.ts";
import { type Cell, shape } from "../shape.ts";
import { steady } from "../steady.ts";

interface GatewaysCell extends Cell {
  readonly gateways: number;
  /** Browsers on each. */
  readonly clients: number;
  readonly perSecond: number;
  readonly seconds: number;
}

function cell(gateways: number, clients: number, perSecond: number, seconds = 5): GatewaysCell {
  const each = `${clients} × ${perSecond}/s`;
  return {
    name: gateways === 1 ? `1, ${each}` : `${gateways}, ${each} each`,
    gateways,
    clients,
    perSecond,
    seconds,
  };
}

/** The cells that a bar speaks of. */
export const gatewaysCells = { one: cell(1, 1_000, 20), two: cell(2, 1_000, 20) };

/** The shape. */
export const gateways = shape<GatewaysCell>({
  name: "gateways",
  title: "Two gateways",
  columns: loadColumns.map((column) =>
    column.figure === "cpu" ? { ...column, head: "gateways' CPU per delivery, µs" } : column
  ),
  cells: Object.values(gatewaysCells),
  quickCells: [cell(2, 4, 50, 0.3)],
  peers: () => [ours.name],
  measure: async (_, { gateways, clients, perSecond, seconds }) => {
    const peer = {
      ...ours,
      start: (place: Parameters<typeof startOurs>[0]) => startOurs(place, { keys: keysOfGuests(), gateways }),
    };
    await using scene = await setScene(peer, {
      clients: gateways * clients,
      writers: 1,
      isWarm: seconds >= 1,
      morePorts: (server) => (server as Ours).ports.slice(1),
    });
    const { generator, server } = scene;
    const alone = { ...scene, generator, server: { ...server, pids: server.gatewayPids } };
    return await steady(alone, { perSecond, seconds, audience: gateways * clients });
  },
});
