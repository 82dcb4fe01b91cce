/** A TCP relay between two of our processes, which counts what goes through it. */

/** Listens on a free port and relays to `to` until disposed. */
export function relay(to: number) {
  const counts = { connections: 0, bytesBack: 0 };
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  const pump = async (from: Deno.Conn, into: Deno.Conn, count: (bytes: number) => void) => {
    const buffer = new Uint8Array(65_536);
    try {
      for (let n = await from.read(buffer); n !== null; n = await from.read(buffer)) {
        count(n);
        for (let done = 0; done < n;) done += await into.write(buffer.subarray(done, n));
      }
    } catch {
      // One end is gone; the other one is told below.
    }
    for (const conn of [from, into]) if (open.delete(conn)) conn.close();
  };
  const pumps: Promise<void>[] = [];
  const accepting = (async () => {
    for await (const client of listener) {
      counts.connections++;
      const server = await Deno.connect({ hostname: "127.0.0.1", port: to });
      open.add(client).add(server);
      pumps.push(pump(client, server, () => {}), pump(server, client, (bytes) => counts.bytesBack += bytes));
    }
  })();
  const dispose = async () => {
    listener.close();
    await accepting;
    await Promise.all(pumps);
  };
  return { counts, port: listener.addr.port, [Symbol.asyncDispose]: dispose };
}
