/** A room in which all speak. */
import { loadColumns } from "../figures.ts";
import { setScene } from "../scene.ts";
import { type Cell, shape } from "../shape.ts";
import { steady } from "../steady.ts";

interface WritersCell extends Cell {
  readonly clients: number;
  readonly perSecond: number;
}

function cell(clients: number, perSecond: number): WritersCell {
  return { name: `${clients} write ${perSecond}/s`, clients, perSecond };
}

/** The shape. */
export const writers = shape<WritersCell>({
  name: "writers",
  title: "Everybody writes",
  columns: loadColumns,
  cells: [cell(1_000, 50)],
  quickCells: [cell(10, 20)],
  peers: () => ["ours", "deno", "bun", "ws", "socketio", "nats", "mosquitto", "c"],
  measure: async (peer, { clients, perSecond }) => {
    await using scene = await setScene(peer, { clients, writers: clients });
    const seconds = clients < 100 ? 0.3 : 5;
    return await steady(scene, { perSecond, seconds, audience: clients });
  },
});
