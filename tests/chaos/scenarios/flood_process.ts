/** One who sends far too fast, in a process of its own. Arguments: door, port, token, seconds, messages a second. */
import { type CrowdWire, grpcWire, wsWire } from "../crowd/wire.ts";

/** What became of it. */
export interface Flooded {
  sent: number;
  /** Numbers of what was stored, in the order of the answers. */
  stored: number[];
  /** How often each code was the answer. */
  codes: Record<string, number>;
  /** Codes with which it was sent away, or "closed" if without a word. */
  endings: string[];
}

const [door = "", port = "", token = "", seconds = "", perSecond = ""] = Deno.args;
const flooded: Flooded = { sent: 0, stored: [], codes: {}, endings: [] };
const numbers = new Map<number, number>();
let wire: CrowdWire | undefined;
let person = 0;
let ready = false;
let parted = "";
let lastId = 10;

function open(): void {
  wire?.send({ id: 1, open: door === "ws" ? {} : { token } });
}

function dial(): void {
  ready = false;
  parted = "";
  const events = {
    onReady: open,
    onFrame: (frame: Parameters<Parameters<typeof grpcWire>[1]["onFrame"]>[0]) => {
      // It is kept out, and does not take that for an answer.
      if (frame.id === 1 && frame.refused) setTimeout(open, 50);
      if (frame.opened) {
        person = frame.opened.person ?? 0;
        ready = true;
      }
      if (frame.parting) parted = String(frame.parting.code);
      const number = numbers.get(frame.id ?? 0);
      numbers.delete(frame.id ?? 0);
      if (frame.sent && number !== undefined) flooded.stored.push(number);
      const code = frame.refused?.code;
      if (code) flooded.codes[code] = (flooded.codes[code] ?? 0) + 1;
    },
    onEnd: () => {
      flooded.endings.push(parted || "closed");
      ready = false;
      // At once, whatever it was told.
      setTimeout(dial, 50);
    },
  };
  wire = door === "ws" ? wsWire(Number(port), token, events) : grpcWire(Number(port), events);
}

function send(): void {
  const number = flooded.sent++;
  const id = ++lastId;
  numbers.set(id, number);
  wire?.send({ id, send: { person, text: `flood ${number}`, clientId: `${number}` } });
}

dial();
const began = performance.now();
while (performance.now() - began < Number(seconds) * 1_000) {
  const due = (performance.now() - began) / 1_000 * Number(perSecond);
  // While nobody listens there is nothing to send into.
  for (let i = 0; ready && flooded.sent < due && i < 1_000; i++) send();
  if (!ready) flooded.sent = Math.max(flooded.sent, Math.floor(due));
  await new Promise((resolve) => setTimeout(resolve, 1));
}
await new Promise((resolve) => setTimeout(resolve, 1_000));
// deno-lint-ignore no-console -- this is the answer that the parent waits for
console.log(JSON.stringify(flooded));
Deno.exit(0);
