/** All shapes, in the order of the document. */
import type { Shape } from "./shape.ts";
import { capacity } from "./shapes/capacity.ts";
import { durable } from "./shapes/durable.ts";
import { engines } from "./shapes/engines.ts";
import { gateways } from "./shapes/gateways.ts";
import { idle } from "./shapes/idle.ts";
import { page } from "./shapes/page.ts";
import { restart } from "./shapes/restart.ts";
import { room } from "./shapes/room.ts";
import { rooms } from "./shapes/rooms.ts";
import { start } from "./shapes/start.ts";
import { stops } from "./shapes/stops.ts";
import { storm } from "./shapes/storm.ts";
import { writers } from "./shapes/writers.ts";

/** Each is a part of docs/numbers.md. */
export const shapes: readonly Shape[] = [
  room,
  rooms,
  writers,
  capacity,
  durable,
  engines,
  gateways,
  storm,
  idle,
  restart,
  start,
  page,
  stops,
];
