/** With how many users the tutorial's design stops. */
import { setScene } from "../scene.ts";
import type { Peer } from "../servers/peer.ts";
import { type Cell, shape } from "../shape.ts";

interface StopsCell extends Cell {
  readonly most: number;
}

/** The shape. */
export const stops = shape<StopsCell>({
  name: "stops",
  title: "Where the tutorial's design stops",
  columns: [
    { figure: "users", head: "users, at most", digits: 0 },
    { figure: "tried", head: "tried up to", digits: 0 },
  ],
  cells: [{ name: "one room", most: 64 }],
  quickCells: [],
  peers: () => ["tutorial", "ours"],
  measure: async (peer, { most }) => {
    let [works, fails] = [0, most + 1];
    while (fails - works > 1) {
      const users = Math.floor((works + fails) / 2);
      if (await doAllHear(peer, users)) works = users;
      else fails = users;
    }
    return { users: works, tried: most };
  },
});

async function doAllHear(peer: Peer, users: number): Promise<boolean> {
  await using scene = await setScene(peer, { clients: users, writers: 1 });
  // Its streams begin behind the upgrade, and nothing tells when.
  await scene.generator.stay({ seconds: 0.5 });
  const load = { perSecond: 1, warmSeconds: 0, seconds: 1, drainSeconds: 2, pids: [] };
  const { lost, delivered } = await scene.generator.load(load);
  return lost === 0 && delivered === users;
}
