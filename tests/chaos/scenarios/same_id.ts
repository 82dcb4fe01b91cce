/** Acceptance 3: one client_id, five times, over two gateways, across a restart and a day. */
import { connect } from "../../../sdk/mod.ts";
import { serveChat, serveWeb, tempFolder } from "../../harness.ts";
import { check } from "../checker.ts";
import { engines } from "../cluster.ts";
import { readLog } from "../final_log.ts";
import { History } from "../history.ts";
import type { RunOptions, Scenario, Verdict } from "../verdict.ts";

/** The same message again and again. */
export const sameId: Scenario = {
  name: "same-id",
  about:
    "P4: the same client_id five times over two gateways, across a restart and 24 h: one seq, the same answer",
  run,
};

const dayMs = 86_400_000;
/** One that is not answered by then will not be. */
const patienceMs = 20_000;

async function run({ log }: RunOptions): Promise<Verdict> {
  await using folder = await tempFolder();
  await using stack = new AsyncDisposableStack();
  const chatLog = engines[log]?.(folder.path) ?? "";
  let now = Date.now();
  let chat = await serveChat({ chatLog, now: () => now });
  // The one that runs in the end.
  stack.defer(() => chat.close());
  const { port } = chat;
  const gateways = [stack.use(await serveWeb(port)), stack.use(await serveWeb(port))];
  const history = new History();
  const answers: string[] = [];
  const said = { sender: "ann", clientId: "the one", text: "once, please" };
  history.add({ is: "said", ...said });
  let token = "";
  const say = async (gateway: number) => {
    await using client = await connect(`ws://127.0.0.1:${gateways[gateway]?.port}`, { name: "ann", token });
    token = client.token;
    const enough = new AbortController();
    const timer = setTimeout(() => enough.abort(), patienceMs);
    const { duplicate, ...answer } = await client.send({ clientId: said.clientId, text: said.text }, enough);
    clearTimeout(timer);
    answers.push(`${duplicate} ${JSON.stringify(answer)}`);
    history.add({ is: "acked", ...said, ...answer });
  };
  await say(0);
  await say(0);
  await say(1);
  await chat.close();
  now += dayMs;
  chat = await serveChat({ chatLog, port, now: () => now });
  await say(0);
  await say(1);
  const findings = check(history.entries, await readLog(`grpc://127.0.0.1:${port}`));
  const [first = "", ...others] = answers;
  const same = others.every((answer) => answer === first.replace("false", "true"));
  const broken = first.startsWith("false") && same ? [] : [`the answers differ: ${answers.join(", ")}`];
  return { findings, broken, figures: { answers: answers.length } };
}
