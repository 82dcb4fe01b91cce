/** Many small rooms. */
import { loadColumns } from "../figures.ts";
import { setScene } from "../scene.ts";
import { type Cell, shape } from "../shape.ts";
import { steady } from "../steady.ts";

interface RoomsCell extends Cell {
  readonly rooms: number;
  readonly perSecond: number;
}

function cell(rooms: number, perSecond: number): RoomsCell {
  return { name: `${rooms} × 10 × ${perSecond}/s`, rooms, perSecond };
}

/** The cell that a bar speaks of. */
export const manyRooms = cell(1_000, 2_000);

/** The shape. */
export const rooms = shape<RoomsCell>({
  name: "rooms",
  title: "Many rooms of 10",
  columns: loadColumns,
  cells: [manyRooms],
  quickCells: [cell(3, 30)],
  peers: () => ["ours", "deno", "bun", "ws", "socketio", "nats", "mosquitto", "c"],
  measure: async (peer, { rooms, perSecond }) => {
    await using scene = await setScene(peer, { clients: rooms * 10, rooms, writers: 1 });
    const seconds = rooms < 10 ? 0.3 : 5;
    return await steady(scene, { perSecond, seconds, audience: 10 });
  },
});
