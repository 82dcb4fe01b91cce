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
  const bad = verdicts.filter(({ verdict }) => !isGood(verdict)).map(({ name }) => name);
  const again = `deno task chaos --seed ${seed} --size ${size} --log ${log} --only ${bad.join(",")}`;
  terminal.say(bad.length === 0 ? "All promises were kept." : `Broken. Again: ${again}`);
  return bad.length === 0 ? 0 : 1;
}

Deno.exit(await main());
