/** The figures of a gateway. */
import type { Metrics } from "../runtime/metrics.ts";
import type { Bridge } from "./bridge.ts";
import type { Socket } from "./socket.ts";
import type { Traffic } from "./traffic.ts";

/** What is looked at. */
export interface Measured {
  readonly bridge: Bridge;
  readonly sockets: ReadonlySet<Socket>;
  readonly traffic: Traffic;
}

/** Adds the figures of a gateway. */
export function measureGateway(metrics: Metrics, { bridge, sockets, traffic }: Measured): void {
  metrics.gauge({
    name: "switchboard_gateway_ready",
    help: "1 if ChatService is reached and the lobby is caught up.",
  }, () => bridge.ready ? 1 : 0);
  metrics.gauge({ name: "switchboard_gateway_sockets", help: "Open sockets." }, () => sockets.size);
  metrics.gauge({
    name: "switchboard_gateway_people",
    help: "People who are open at ChatService, also those whose socket has just gone.",
  }, () => bridge.peopleCount);
  metrics.gauge({
    name: "switchboard_gateway_rooms_held",
    help: "Rooms that are followed.",
  }, () => bridge.roomCount);
  metrics.counter({
    name: "switchboard_gateway_pages_read_total",
    help: "Pages of older events that ChatService was asked for.",
  }, () => bridge.pageReads);
  metrics.counter({
    name: "switchboard_gateway_messages_received_total",
    help: "WebSocket messages that came in.",
  }, () => traffic.received);
  metrics.counter({
    name: "switchboard_gateway_messages_sent_total",
    help: "WebSocket messages that were sent; one may hold many events.",
  }, () => traffic.sent);
  metrics.counter({
    name: "switchboard_gateway_characters_sent_total",
    help: "Characters in them: bytes, as far as they are ASCII.",
  }, () => traffic.characters);
}
