/** The figures of a ChatService. Log and chat are watched from outside: it costs nothing where nobody asks. */
import type { Chat } from "../chat/chat.ts";
import type { Log } from "../chat/log.ts";
import { toChatError } from "../protos/errors.ts";
import type { Metrics } from "../runtime/metrics.ts";
import type { Calls } from "./calls.ts";

/** What is looked at. */
export interface Measured {
  readonly log: Log;
  /** How many records other nodes have stored that this one has not applied yet. */
  readonly lag: () => number;
  readonly chat: Chat;
  readonly calls: Calls;
}

/** Adds the figures of a ChatService. */
export function measureService(metrics: Metrics, { log, lag, chat, calls }: Measured): void {
  measureLog(metrics, log);
  metrics.gauge({
    name: "switchboard_log_lag_records",
    help: "Records that this node has not applied yet.",
  }, lag);
  measureWrites(metrics, chat);
  const refused = metrics.counters({
    name: "switchboard_refusals_total",
    help: "What was refused, and streams that were ended, by code.",
    label: "code",
  });
  calls.refused = ({ code }) => refused(code);
  metrics.gauge({
    name: "switchboard_sessions",
    help: "Open streams of Session: gateways and programs.",
  }, () => calls.counts.sessions);
  metrics.gauge({
    name: "switchboard_readers",
    help: "Open streams of StreamMessages.",
  }, () => calls.counts.readers);
  metrics.gauge({
    name: "switchboard_rooms_held",
    help: "Rooms whose newest events are in memory.",
  }, () => chat.roomCount);
  metrics.gauge({
    name: "switchboard_names_held",
    help: "Names that guests of this node have.",
  }, () => chat.guests.nameCount);
}

function measureLog(metrics: Metrics, log: Log): void {
  const took = metrics.histogram({
    name: "switchboard_append_seconds",
    help: "How long an append to the log took until it was durable.",
  }, [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]);
  let stored = 0;
  const append = log.append.bind(log);
  log.append = async (room, head, events) => {
    const since = performance.now();
    const appended = await append(room, head, events);
    took((performance.now() - since) / 1_000);
    if (appended.kind === "appended") stored += events.length;
    return appended;
  };
  metrics.counter(
    { name: "switchboard_events_stored_total", help: "Events that this node stored." },
    () => stored,
  );
  metrics.gauge({ name: "switchboard_rooms", help: "Rooms in the log." }, () => log.countRooms());
  metrics.gauge({
    name: "switchboard_log_writable",
    help: "1 if the log takes appends, 0 while it is away.",
  }, () => log.refusal() === undefined ? 1 : 0);
}

function measureWrites(metrics: Metrics, chat: Chat): void {
  const wrote = metrics.counters({
    name: "switchboard_commands_total",
    help: "Commands that store something: stored, duplicate, or the code that they were refused with.",
    label: "result",
  });
  const write = chat.write.bind(chat);
  chat.write = async (room, command) => {
    try {
      const accepted = await write(room, command);
      wrote(accepted.duplicate ? "duplicate" : "stored");
      return accepted;
    } catch (error) {
      wrote(toChatError(error).code);
      throw error;
    }
  };
}
