/** `deno task chaos`: tries the servers in every way that is known to hurt, and says what broke. */
import { terminal } from "../../runtime/journal.ts";
import { parseArgs, usage } from "./args.ts";
import { scenarios } from "./scenarios.ts";
import { details, isGood, table, type Verdict } from "./verdict.ts";

async function main(): Promise<number> {
  const asked = parseArgs(Deno.args, Object.keys(scenarios));
  if (typeof asked === "string") {
    terminal.warn(`${asked}\n\n${usage(scenarios)}`);
    return 2;
  }
  const { seed, log, size, rounds, only } = asked;
  terminal.say(`seed ${seed}, log ${log}, size ${size}`);
  const verdicts: { name: string; verdict: Verdict }[] = [];
  for (const name of only) {
    const began = performance.now();
    const say = (line: string) => terminal.say(`  ${name}: ${line}`);
    const scenario = scenarios[name];
    if (!scenario) continue;
    const verdict = await scenario.run({ seed, log, size, rounds, say }).catch((error: unknown): Verdict => ({
      findings: [],
      broken: [`it could not be run to its end: ${Deno.inspect(error)}`],
      figures: {},
    }));
    const seconds = ((performance.now() - began) / 1_000).toFixed(0);
    verdicts.push({ name, verdict: { ...verdict, figures: { ...verdict.figures, seconds } } });
    for (const line of details(verdict)) say(line);
  }
  terminal.say(`\n${table(verdicts)}\n`);
  const good = verdicts.every(({ verdict }) => isGood(verdict));
  terminal.say(
    good ? "All promises were kept." : `Broken. Again: deno task chaos --seed ${seed} --size ${size}`,
  );
  return good ? 0 : 1;
}

Deno.exit(await main());
