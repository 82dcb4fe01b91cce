/** A name is one guest's on all nodes: told by signals, and settled when two nodes give it away at once. */
import { assertEquals } from "@std/assert";
import { Guests } from "../chat/guests.ts";
import { makeTokens, type Tokens } from "../chat/tokens.ts";
import { newKeys } from "../log/keys.ts";
import { connectNats } from "../log/nats_link.ts";
import { parseNatsUrl } from "../log/nats_options.ts";
import { NatsSignals } from "../log/nats_signals.ts";
import { toChatError } from "../protos/errors.ts";
import { eventually } from "./harness.ts";
import { codeOf } from "./nats_nodes.ts";
import { onNats, serveNats } from "./nats_server.ts";

/** A node's guests. It is taken for dead after two seconds, and beats as `Rosters` does. */
async function node(url: string, tokens: Tokens) {
  const link = await connectNats(parseNatsUrl(url));
  const signals = new NatsSignals(link, "CHAT", { silentMs: 2_000, everyMs: 50 });
  const guests = new Guests(tokens, { now: Date.now, signals });
  const beats = setInterval(() => signals.publish({ kind: "alive", node: "x" }), 100);
  const close = async () => {
    clearInterval(beats);
    guests.close();
    await link.close();
  };
  return { guests, close, [Symbol.asyncDispose]: close };
}

const tokens = async () => await makeTokens(await newKeys(), { now: Date.now });

const told = () => new Promise((resolve) => setTimeout(resolve, 300));

/** Waits until what is asked comes to this. */
const becomes = (code: string, ask: () => Promise<unknown>) =>
  eventually(async () => await codeOf(ask()) === code, { what: code });

onNats(
  "a name that a guest has through one node is taken on the others, until that node or the guest is gone",
  async () => {
    await using nats = await serveNats();
    const keys = await tokens();
    await using one = await node(nats.url(), keys);
    await using other = await node(nats.url(), keys);
    const ann = await one.guests.signIn("Ann", "");
    await one.guests.open(ann.token);
    await told();
    await using third = await node(nats.url(), keys);
    for (const { guests } of [other, third]) {
      await becomes("NAME_TAKEN", () => Promise.try(() => guests.openName("ANN")));
      assertEquals(await codeOf(guests.signIn("ann", "")), "NAME_TAKEN");
    }
    assertEquals(await codeOf(other.guests.open(ann.token)), "done", "it is hers on every node");
    const bob = await one.guests.signIn("Bob", "");
    await becomes("NAME_TAKEN", () => Promise.try(() => third.guests.openName("Bob")));
    await third.guests.signOut(bob.token);
    await becomes("UNAUTHENTICATED", () => one.guests.open(bob.token));
    await becomes("done", () => other.guests.signIn("Bob", ""));
    const eve = await one.guests.signIn("Eve", "");
    await becomes("NAME_TAKEN", () => Promise.try(() => other.guests.openName("Eve")));
    await one.close();
    await becomes("done", () => other.guests.signIn("Eve", ""));
    // As long as a node has not heard that Eve's is gone, she could come back through it.
    await told();
    assertEquals(await codeOf(third.guests.open(eve.token)), "NAME_TAKEN");
    assertEquals(await codeOf(other.guests.signIn("Ann", "")), "NAME_TAKEN", "hers still, through this node");
  },
);

onNats(
  "of two guests who are given one name by two nodes at once, one keeps it and the other is told",
  async () => {
    await using nats = await serveNats();
    const keys = await tokens();
    await using one = await node(nats.url(), keys);
    await using other = await node(nats.url(), keys);
    for (let round = 0; round < 10; round++) {
      const evicted: string[] = [];
      const both = await Promise.all([one, other].map(async ({ guests }) => {
        // Whoever is a little later is refused, and otherwise told.
        const revoked = ({ code }: { code: string }) => evicted.push(code);
        try {
          const { token } = await guests.signIn(`Guest ${round}`, "");
          await guests.open(token, { revoked });
          return token;
        } catch (error) {
          revoked(toChatError(error));
          return "";
        }
      }));
      await eventually(() => evicted.length === 1, { ms: 2_000 });
      await told();
      assertEquals(evicted, ["NAME_TAKEN"]);
      const tokens = both.filter((token) => token !== "");
      const open = await Promise.all(
        tokens.map((token) => Promise.all([one, other].map(({ guests }) => codeOf(guests.open(token))))),
      );
      assertEquals(
        open.toSorted(),
        [["NAME_TAKEN", "NAME_TAKEN"], ["done", "done"]].slice(-tokens.length),
        "the one's token is good on both nodes",
      );
    }
  },
);
