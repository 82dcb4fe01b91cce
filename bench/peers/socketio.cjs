// Socket.IO as its documentation has it for speed: WebSocket only, the native add-ons, the first request let go of.
// Connection state recovery is on: without it a client that comes back has lost what was said meanwhile.
const { createServer } = require("node:http");
const { Server } = require("socket.io");

const http = createServer();
const io = new Server(http, { transports: ["websocket"], connectionStateRecovery: {}, serveClient: false });
io.engine.on("connection", (raw) => raw.request = null);
io.on("connection", (socket) => {
  socket.on("join", (room, joined) => {
    socket.join(room);
    joined();
  });
  socket.on("say", (room, said) => io.to(room).emit("said", said));
});
http.listen(
  0,
  "127.0.0.1",
  511,
  () => require("node:fs").writeSync(1, `listening on ${http.address().port}\n`),
);
