/** The floor of the runtime: everything that is said in a room goes to everybody in it. No gRPC, no log, no names. */
const rooms = new Map<string, Set<WebSocket>>();

const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
  const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
  const path = new URL(request.url).pathname;
  const room = rooms.get(path) ?? new Set();
  rooms.set(path, room);
  socket.onopen = () => room.add(socket);
  socket.onclose = () => room.delete(socket);
  socket.onmessage = ({ data }) => {
    for (const one of room) if (one.readyState === WebSocket.OPEN) one.send(data);
  };
  return response;
});

Deno.stdout.writeSync(new TextEncoder().encode(`listening on ${server.addr.port}\n`));
