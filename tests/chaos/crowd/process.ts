/**
 * Many members in a process of their own, so that what they cost is not taken for the servers' cost. Told what to do
 * by lines of JSON on stdin; answers each by a line on stdout.
 */
import { signIn } from "../../doors.ts";
import { dice } from "../dice.ts";
import type { Answers, Asked } from "./crowd.ts";
import { Latencies } from "./latencies.ts";
import { Member } from "./member.ts";

const members = new Map<string, Member>();
let latencies = new Latencies();

/** The members whose names begin so. */
function of(prefix: string): Member[] {
  return [...members].flatMap(([name, member]) => name.startsWith(prefix) ? [member] : []);
}

async function join(
  { prefix, count, door, ports, signInPort, room, seed, stalled = false }: Asked["join"],
): Promise<void> {
  const random = dice(seed);
  const joining: Promise<void>[] = [];
  for (let i = 0; i < count; i++) {
    const name = `${prefix}${i}`;
    const { token } = await signIn(signInPort, name);
    const port = ports[i % ports.length] ?? 0;
    const onLatency = (ms: number) => latencies.add(ms);
    const member = new Member({ name, token, door, port, room, random, onLatency });
    if (stalled) member.stall();
    members.set(name, member);
    joining.push(member.following());
    // A few at a time: joining is not what is tried.
    if (i % 50 === 49) await Promise.all(joining);
  }
  await Promise.all(joining);
}

const acts: { [Act in keyof Asked]: (asked: Asked[Act]) => Answers[Act] | Promise<Answers[Act]> } = {
  join: async (asked) => {
    await join(asked);
    return {};
  },
  leave: ({ prefix }) => {
    for (const member of of(prefix)) member.leave();
    for (const name of [...members.keys()]) if (name.startsWith(prefix)) members.delete(name);
    return {};
  },
  release: ({ prefix }) => {
    for (const member of of(prefix)) member.release();
    return {};
  },
  drop: ({ prefix }) => {
    for (const member of of(prefix)) member.drop();
    return {};
  },
  report: ({ prefix }) => ({ members: of(prefix).map((member) => member.report()) }),
  latencies: () => {
    const [count, p50, p99] = [latencies.count, latencies.quantile(0.5), latencies.quantile(0.99)];
    latencies = new Latencies();
    return { count, p50, p99 };
  },
};

const encoder = new TextEncoder();
let rest = "";
for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const lines = (rest + text).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) {
    const { act, asked } = JSON.parse(line) as { act: keyof Asked; asked: never };
    const answer = await acts[act](asked);
    await Deno.stdout.write(encoder.encode(`${JSON.stringify(answer)}\n`));
  }
}
for (const member of members.values()) member.leave();
