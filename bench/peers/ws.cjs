// `ws` as its documentation has a broadcast: each open client is sent what came, one after the other.
const { createServer } = require("node:http");
const { WebSocket, WebSocketServer } = require("ws");

const rooms = new Map();
const http = createServer();
const server = new WebSocketServer({ server: http });
server.on("connection", (socket, request) => {
  const room = rooms.get(request.url) ?? new Set();
  rooms.set(request.url, room);
  room.add(socket);
  socket.on("close", () => room.delete(socket));
  socket.on("message", (data, isBinary) => {
    for (const one of room) if (one.readyState === WebSocket.OPEN) one.send(data, { binary: isBinary });
  });
});
http.listen(
  0,
  "127.0.0.1",
  511,
  () => require("node:fs").writeSync(1, `listening on ${http.address().port}\n`),
);
