/** The port where Prometheus asks for a process's figures. Loaded only where there is one. */
import process from "node:process";
import { Metrics } from "./metrics.ts";

/** Listens, and gives the figures to fill; those of the process itself are among them. Throws saying what to do. */
export function serveMetrics({ host: hostname, port }: { host: string; port: number }): Metrics {
  const metrics = new Metrics();
  addProcess(metrics);
  try {
    Deno.serve({ hostname, port, onListen: () => {} }, (request) => answer(request, metrics)).unref();
  } catch (error) {
    const why = error instanceof Deno.errors.AddrInUse ? "the port is in use" : String(error);
    throw new Error(`Cannot listen on "${hostname}:${port}": ${why}, choose another METRICS_PORT.`, {
      cause: error,
    });
  }
  return metrics;
}

function answer({ method, url }: Request, metrics: Metrics): Response {
  const { pathname } = new URL(url);
  if (pathname !== "/metrics") {
    return new Response(`Cannot find ${pathname}: there is nothing here, go to /metrics.\n`, { status: 404 });
  }
  if (method !== "GET" && method !== "HEAD") {
    const headers = { Allow: "GET, HEAD" };
    return new Response(`Cannot ${method} /metrics: only GET works here.\n`, { status: 405, headers });
  }
  return new Response(metrics.text(), { headers: { "Content-Type": "text/plain; version=0.0.4" } });
}

/** How often the event loop is looked at, in milliseconds. */
const lookMs = 100;

function addProcess(metrics: Metrics): void {
  const startedAt = Date.now() / 1_000 - performance.now() / 1_000;
  metrics.gauge({
    name: "process_start_time_seconds",
    help: "When the process started, in seconds since 1970.",
  }, () => startedAt);
  metrics.counter({
    name: "process_cpu_seconds_total",
    help: "CPU time of all threads, user and system.",
  }, () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  metrics.gauge({
    name: "process_resident_memory_bytes",
    help: "Memory that is in RAM.",
  }, () => Deno.memoryUsage().rss);
  const observe = metrics.histogram({
    name: "switchboard_event_loop_delay_seconds",
    help: `How much later than asked for a timer came, looked at every ${lookMs} ms.`,
  }, [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]);
  let due = performance.now() + lookMs;
  const look = () => {
    observe(Math.max(0, performance.now() - due) / 1_000);
    due = performance.now() + lookMs;
    Deno.unrefTimer(setTimeout(look, lookMs));
  };
  Deno.unrefTimer(setTimeout(look, lookMs));
}
