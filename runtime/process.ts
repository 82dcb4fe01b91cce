/** How a process of ours begins and ends: settings or exit 2, a clear failure or exit 1, signals and exit 0. */
import type { Journal } from "./journal.ts";
import type { Metrics } from "./metrics.ts";
import { readSettings, type Role, type Settings } from "./settings.ts";

/** Something that serves until it is closed. */
export interface Running {
  /** Drains, then ends. */
  close(): Promise<void>;
}

/** Reads the settings, serves until SIGTERM or SIGINT, drains, and exits; at once if it does not serve yet. */
export async function runProcess(
  role: Role,
  serve: (settings: Settings, metrics: Metrics | undefined) => Promise<Running>,
  { journal, drainMs }: { journal: Journal; drainMs: number },
): Promise<void> {
  const asked = readSettings(role, Deno.args, (name) => Deno.env.get(name));
  if (asked.kind === "help") return journal.say(asked.text);
  if (asked.kind === "wrong") {
    journal.warn(asked.text);
    Deno.exit(2);
  }
  try {
    const asksToStop = firstSignal();
    const starting = openMetrics(role, asked.settings).then((metrics) => serve(asked.settings, metrics));
    const running = await Promise.race([starting, asksToStop.then(() => undefined)]);
    const signal = await asksToStop;
    if (!running) {
      journal.info(`${signal}: leaving before it served`);
      Deno.exit(0);
    }
    journal.info(`${signal}: draining, at most ${drainMs / 1000} s`);
    const hardStop = setTimeout(() => {
      journal.warn("Cannot finish draining in time: some clients do not read; leaving now.");
      Deno.exit(0);
    }, drainMs + 1_000);
    await running.close();
    clearTimeout(hardStop);
    Deno.exit(0);
  } catch (error) {
    // An error of ours says what to do; a stack would only hide it.
    const known = error instanceof Error && /^Cannot /.test(error.message);
    journal.warn(known ? error.message : "Cannot go on: a fault of our own.", known ? undefined : error);
    Deno.exit(1);
  }
}

/** Undefined if nobody is to be told. */
async function openMetrics(role: Role, settings: Settings): Promise<Metrics | undefined> {
  const { metricsPort: port, host, grpcHost } = settings;
  if (port === 0) return undefined;
  const { serveMetrics } = await import("./metrics_port.ts");
  return serveMetrics({ host: role === "grpc" ? grpcHost : host, port });
}

/** The first SIGTERM or SIGINT. A second one, from an impatient person, ends the process at once. */
function firstSignal(): Promise<Deno.Signal> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      Deno.addSignalListener(signal, () => {
        if (asked) Deno.exit(130);
        asked = true;
        resolve(signal);
      });
    }
  });
}
