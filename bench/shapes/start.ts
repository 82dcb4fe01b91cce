/** How soon a gateway serves. */
import { workFolder } from "../cache.ts";
import { quietPort, start as startProcess } from "../process.ts";
import { gatewayStart, startService } from "../servers/ours.ts";
import type { Peer } from "../servers/peer.ts";
import { type Cell, shape } from "../shape.ts";

/** The cell that a bar speaks of. */
export const startCell: Cell = { name: "GET /" };

/** The shape. */
export const start = shape<Cell>({
  name: "start",
  title: "Start",
  columns: [{ figure: "firstByte", head: "first byte, ms", digits: 0 }],
  cells: [startCell],
  quickCells: [startCell],
  peers: () => ["ours"],
  measure: async (_: Peer) => {
    await using folder = await workFolder();
    const grpcPort = quietPort();
    await using _service = await startService(folder.path, grpcPort);
    await firstByteMs(grpcPort);
    return { firstByte: await firstByteMs(grpcPort) };
  },
});

async function firstByteMs(grpcPort: number): Promise<number> {
  const port = quietPort();
  const since = performance.now();
  const [ms, process] = await Promise.all([
    firstByte(port).then((at) => at - since),
    startProcess(Deno.execPath(), gatewayStart(grpcPort, port)),
  ]);
  await process.end();
  return ms;
}

/** Asks until somebody listens; gives when the first byte came. */
async function firstByte(port: number): Promise<number> {
  for (;;) {
    try {
      using connection = await Deno.connect({ hostname: "127.0.0.1", port });
      await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
      if (await connection.read(new Uint8Array(1)) === 1) return performance.now();
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
