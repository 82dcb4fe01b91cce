/**
 * The client library: one `connect` for both doors.
 *
 * ```ts
 * import { connect, fileCursor } from "./sdk/mod.ts";
 *
 * await using chat = await connect("grpc://localhost:50051", { name: "echo" });
 * for await (const told of chat.follow("lobby", { cursor: fileCursor("echo.cursor") })) {
 *   if (told.is !== "event" || !told.event.message || told.event.author === chat.principal.id) continue;
 *   const { seq, message } = told.event;
 *   await chat.send({ text: message.text, replyTo: seq, clientId: `echo-${seq}` });
 * }
 * ```
 * @module
 */
export { ChatError, type ErrorCode } from "../protos/errors.ts";
export type { Principal, RoomBatch, RoomEvent } from "../protos/events.ts";
export { Client, type WaitOptions } from "./client.ts";
export { connect, type ConnectOptions, connectOver } from "./connect.ts";
export type { Connection } from "./connection.ts";
export { type Cursor, type CursorStore, fileCursor, memoryCursor } from "./cursor.ts";
export type { Timing } from "./line.ts";
export type { FirstReplay, FollowOptions } from "./follow.ts";
export type { Told } from "./reading.ts";
export type { Identity } from "./transport_grpc.ts";
export type { SignedIn, Transport, Wire, WireEvents } from "./transport.ts";
