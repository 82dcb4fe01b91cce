// Bun's native publish: the runtime itself sends to all who subscribed.
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch(request, server) {
    const data = { room: new URL(request.url).pathname };
    return server.upgrade(request, { data })
      ? undefined
      : new Response("a WebSocket is expected", { status: 426 });
  },
  websocket: {
    idleTimeout: 0,
    perMessageDeflate: false,
    open: (socket) => socket.subscribe(socket.data.room),
    message: (socket, said) => server.publish(socket.data.room, said),
  },
});
require("node:fs").writeSync(1, `listening on ${server.port}\n`);
