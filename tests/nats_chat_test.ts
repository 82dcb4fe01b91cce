/** A chat on a log in NATS: what people notice of it. */
import { assert, assertEquals } from "@std/assert";
import { limits } from "../protos/limits.ts";
import { eventually } from "./harness.ts";
import { codeOf, natsNode } from "./nats_nodes.ts";
import { onNats, serveNats } from "./nats_server.ts";
import { as, bob, chatOn, hi } from "./playing.ts";

onNats(
  "P5 bounded: many of the longest messages at once are all taken, in appends that fit into NATS",
  async () => {
    await using nats = await serveNats();
    await using log = await natsNode(nats.url());
    await using chat = await chatOn(log);
    // JSON makes two bytes of each.
    const text = '"'.repeat(limits.textBytes);
    const sends = Array.from(
      { length: 150 },
      () => chat.write("lobby", { ...as(bob, hi), kind: "send", text }),
    );
    await Promise.all(sends);
    assertEquals(log.head("lobby"), 150);
  },
);

onNats(
  "P7 honest: NATS silent: what is on its way waits for the truth, all later sends are refused at once",
  async () => {
    await using nats = await serveNats();
    await using log = await natsNode(nats.url());
    await using chat = await chatOn(log);
    await chat.write("lobby", as(bob, hi, "before"));
    nats.signal("SIGSTOP");
    // Until all of its threads have stopped it may still answer, and show or not show what it has answered for.
    await new Promise((resolve) => setTimeout(resolve, 50));
    const first = chat.write("lobby", as(bob, hi, "first"));
    await eventually(() => log.refusal() !== undefined, { ms: 6_000, what: "it to be known" });
    const began = performance.now();
    assertEquals(await codeOf(chat.write("lobby", as(bob, hi, "second"))), "UNAVAILABLE");
    assertEquals(await codeOf(chat.write("lobby", as(bob, hi, "first"))), "UNAVAILABLE");
    assert(performance.now() - began < 500, "an answer would be waited for for 2 s");
    nats.signal("SIGCONT");
    assertEquals((await first).event.seq, 2);
    while (log.refusal()) await new Promise((resolve) => setTimeout(resolve, 50));
    const again = await chat.write("lobby", as(bob, hi, "first"));
    assertEquals([again.duplicate, again.event.seq], [true, 2]);
    assertEquals((await chat.write("lobby", as(bob, hi, "second"))).event.seq, 3);
  },
);
