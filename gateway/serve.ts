/**
 * The gateway for `deno serve --parallel`, which runs this module in a worker for each core: each has a session of its
 * own with ChatService, and its own places. Deno listens, by its flags.
 */
import { terminal } from "../runtime/journal.ts";
import { readSettings, table } from "../runtime/settings.ts";
import { urlOf } from "./main.ts";
import { openGateway } from "./open.ts";

const asked = readSettings("web", Deno.args, (name) => Deno.env.get(name));
if (asked.kind !== "run") leave(asked.text, asked.kind === "help" ? 0 : 2);
const { settings } = asked;
if (settings.metricsPort !== 0) {
  leave(
    `Cannot use ${table.metricsPort.env} with deno serve: each worker would need one, run several processes.`,
    2,
  );
}
const workers = Number(Deno.env.get("DENO_JOBS")) || navigator.hardwareConcurrency;
const gateway = await openGateway(settings, { journal: terminal, workers }).catch(({ message }) =>
  leave(message, 1)
);

// Before Deno's own listener: it closes all sockets in the same turn, and what is said before that still arrives.
for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(signal, stop);

function stop(): void {
  // A second one ends the process at once.
  for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.removeSignalListener(signal, stop);
  void gateway.close();
}

function leave(text: string, code: number): never {
  if (code === 0) terminal.say(text);
  else terminal.warn(text);
  Deno.exit(code);
}

export default {
  fetch: (request, info) => gateway.fetch(request, info),
  // In the first worker alone.
  onListen: (at) => {
    if (!("hostname" in at)) return;
    terminal.say(`Chat page on ${urlOf(at.hostname, at.port)}`);
    if (at.hostname === settings.host) return;
    terminal.warn(
      `deno serve listens on ${at.hostname}, and HOST is ${settings.host}: set HOST to the same.`,
    );
  },
} satisfies Deno.ServeDefaultExport;
