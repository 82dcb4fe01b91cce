/** What the page shows of a room and of all rooms: rows, what is new, the list, who writes. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { dayOf } from "../islands/clock.ts";
import { type Conversation, follow, prepend, startConversation, take } from "../islands/conversation.ts";
import * as marks from "../islands/mark.ts";
import * as outboxes from "../islands/outbox.ts";
import { badge, unread } from "../islands/reading.ts";
import { addressOf, arranged, left, listed, roomOf, settled, told } from "../islands/rooms.ts";
import { type Row, Rows, type View } from "../islands/rows.ts";
import * as typing from "../islands/typing.ts";
import type { RoomEvent } from "../protos/events.ts";
import { ann, batchOf, bob, done, event, followed, say } from "./page_fixtures.ts";

function holding(events: readonly RoomEvent[]): Conversation {
  return take(follow(startConversation(), followed()), batchOf(events)).conversation;
}

function view(events: readonly RoomEvent[], more: Partial<View> = {}): View {
  return { conversation: holding(events), pending: [], me: ann, line: 0, ...more };
}

/** All of them, as if all were seen. */
function rows(view: View, today: number): Row[] {
  return new Rows(view, today).slice(0, Infinity);
}

Deno.test("rows: days part, groups form, own messages are marked, pending ones come last", () => {
  const day = dayOf(Date.now());
  const said = (seq: number, by: typeof ann, hours: number, minutes = 0): RoomEvent => {
    const timestamp = new Date(day + (hours * 60 + minutes) * 60_000).toISOString();
    return { ...event(seq, { by }), timestamp };
  };
  const events = [
    said(1, bob, -3),
    said(2, bob, 9),
    said(3, bob, 9, 1),
    said(4, bob, 9, 30),
    said(5, ann, 9, 30),
  ];
  const { items } = say(outboxes.emptyOutbox(), "p");
  const shown = rows(view(events, { pending: items }), day);
  const texts = shown.flatMap((row) => {
    const above = row.day ? [row.day] : [];
    return [
      ...above,
      row.is === "said" ? `${row.sender}${row.first ? "!" : ""}${row.mine ? " mine" : ""}` : row.is,
    ];
  });
  assertEquals(texts, ["Yesterday", "bob!", "Today", "bob!", "bob", "bob!", "ann! mine", "ann mine"]);
  assertEquals(new Set(shown.map(({ key }) => key)).size, shown.length);
});

Deno.test("rows: the first day is named once it is known to begin there", () => {
  const late = take(follow(startConversation(), followed({ after: 4, head: 5 })), batchOf([event(5)]));
  const shown = (conversation: Conversation) =>
    rows({ ...view([]), conversation }, 0).map(({ day }) => day !== "");
  assertEquals(shown(late.conversation), [false]);
  const whole = prepend(late.conversation, batchOf([1, 2, 3, 4].map((seq) => event(seq))));
  assertEquals(shown(whole), [true, false, false, false, false]);
});

Deno.test("rows: a message keeps its key from pending to seen, so nothing jumps", () => {
  const { items } = say(outboxes.emptyOutbox(), "c1");
  const seen = view([event(1, { by: ann, clientId: "c1" })]);
  assertEquals(rows(seen, 0).at(-1)?.key, rows(view([], { pending: items }), 0).at(-1)?.key);
});

Deno.test("rows: nobody's words pass for another's: what is mine goes by the author, and no two rows share a key", () => {
  const other = { ...bob, name: "ann" };
  const nobody = { id: "", name: "ann", key: "ann" };
  const events = [ann, other, nobody].map((by, index) => event(index + 1, { by, clientId: "same" }));
  const shown = rows(view(events), 0).filter((row) => row.is === "said");
  assertEquals(shown.map(({ mine }) => mine), [true, false, false]);
  assertEquals(new Set(shown.map(({ key }) => key)).size, 3);
  const before = rows(view(events, { me: { id: "", name: "ann", key: "" } }), 0);
  assert(before.every((row) => row.is !== "said" || !row.mine), "before it is known who one is");
});

Deno.test("rows: the line of what is new stands above the first message of others that was not read", () => {
  const events = [event(1), event(2, { by: ann }), done(3, { settings: { topic: "x" } }), event(4), event(5)];
  const kinds = (line: number) =>
    rows(view(events, { line }), 0).map(({ is, news }) => news ? `new ${is}` : is).join(" ");
  assertEquals(kinds(0), "said said notice said said");
  assertEquals(kinds(1), "said said notice new said said");
  assertEquals(kinds(4), "said said notice said new said");
  assertEquals(kinds(5), "said said notice said said");
});

Deno.test("rows: an act is put to its message, and a refused one without its message is still told", () => {
  const react = { is: "react", target: 1, emoji: "👍", remove: false } as const;
  const failed = { is: "failed", code: "X", why: "no" } as const;
  const base = { room: "lobby", at: 0 };
  const pending: outboxes.Pending[] = [
    { ...base, clientId: "a", act: react, fate: { is: "waiting" } },
    { ...base, clientId: "b", act: { ...react, target: 99 }, fate: failed },
    { ...base, clientId: "c", act: { ...react, target: 98 }, fate: { is: "waiting" } },
  ];
  const shown = rows(view([event(1), event(2)], { pending }), 0);
  const acts = shown.flatMap((row) => row.is === "said" ? [row.acts.length] : []);
  assertEquals(acts, [1, 0]);
  assertEquals(shown.filter(({ is }) => is === "stray").map(({ key }) => key), ["b"]);
});

Deno.test("rows: a reply has the message that it is about, if that is held", () => {
  const reply = (seq: number, replyTo: number) => done(seq, { message: { text: "yes", replyTo } });
  const shown = rows(view([event(1), reply(2, 1), reply(3, 77)]), 0).filter((row) => row.is === "said");
  assertEquals(shown.map(({ replyTo, original }) => [replyTo, original?.seq]), [[0, undefined], [1, 1], [
    77,
    undefined,
  ]]);
});

Deno.test("rows: any stretch of them is the same as that stretch of all", () => {
  const by = fc.constantFrom(ann, bob);
  const steps = fc.array(fc.record({ by, minutes: fc.nat(900), settings: fc.boolean() }), { maxLength: 60 });
  const ends = fc.tuple(fc.nat(70), fc.nat(70));
  fc.assert(fc.property(steps, ends, fc.nat(60), (script, [one, other], line) => {
    let at = 1_700_000_000_000;
    const events = script.map(({ by, minutes, settings }, index): RoomEvent => {
      at += minutes * 60_000;
      const what = settings
        ? done(index + 1, { settings: { topic: `${index}` } }, { by })
        : event(index + 1, { by });
      return { ...what, timestamp: new Date(at).toISOString() };
    });
    const { items } = say(say(outboxes.emptyOutbox(), "p"), "q", at + 1);
    const all = view(events, { line, pending: items });
    const [from, to] = [Math.min(one, other), Math.max(one, other)];
    assertEquals(new Rows(all, 0).slice(from, to), rows(all, 0).slice(from, to));
  }));
});

// What is new

Deno.test("new is what others said, is still there, and came after what was read", () => {
  const events = [
    event(1),
    event(2),
    event(3, { by: ann }),
    done(4, { reacted: { target: 1, emoji: "👍" } }),
    event(5),
    done(6, { deleted: { target: 2 } }),
  ];
  const conversation = holding(events);
  assertEquals([0, 1, 2, 5].map((read) => unread(conversation, { read, me: ann })), [2, 1, 1, 0]);
  assertEquals([badge(1), badge(99), badge(100)], ["1", "99", "99+"]);
});

Deno.test("how far one has read is told at most every 2 s, never back, and until the server knows it", () => {
  const steps = fc.array(fc.oneof(
    fc.record({ seen: fc.nat(50) }),
    fc.record({ known: fc.nat(50) }),
    fc.record({ wait: fc.nat(3_000) }),
  ));
  fc.assert(fc.property(steps, (script) => {
    let marking = marks.unmarked;
    let now = 10_000;
    let toldAt = -Infinity;
    for (const step of script) {
      const { read } = marking;
      if ("seen" in step) marking = marks.seen(marking, step.seen);
      else if ("known" in step) marking = marks.known(marking, step.known);
      else now += step.wait;
      assert(marking.read >= read && marking.read >= marking.told);
      const wait = marks.dueIn(marking, now);
      assertEquals(wait === undefined, marking.read === marking.told);
      if (wait !== 0) continue;
      assert(now - toldAt >= marks.everyMs);
      toldAt = now;
      marking = marks.known({ ...marking, toldAt }, marking.read);
    }
  }));
});

// The list

const room = (name: string, more = {}) => ({
  room: name,
  topic: "",
  archived: false,
  epoch: "e1",
  head: 5,
  read: 0,
  creator: "",
  created: "",
  active: "",
  author: "",
  ...more,
});

Deno.test("the list: the lobby first, archived rooms apart, found by name or topic", () => {
  const all = listed(new Map(), [
    room("zoo"),
    room("art", { topic: "Pictures" }),
    room("lobby"),
    room("old", { archived: true }),
  ]);
  const names = (search: string) => {
    const { open, archived } = arranged(all, search);
    return [open.map(({ room }) => room), archived.map(({ room }) => room)];
  };
  assertEquals(names(""), [["lobby", "art", "zoo"], ["old"]]);
  assertEquals(names(" PICT "), [["art"], []]);
  assertEquals(names("o"), [["lobby", "zoo"], ["old"]]);
});

Deno.test("the list: older news about a room does not undo newer ones", () => {
  const rooms = listed(new Map(), [room("art", { head: 5 })]);
  const changed = settled(rooms, "art", { topic: "new", archived: true, seq: 6 });
  assertEquals(changed.get("art")?.topic, "new");
  assertEquals(settled(changed, "art", { topic: "old", archived: false, seq: 3 }), changed);
  assertEquals(told(changed, room("art", { head: 5 })).get("art")?.topic, "new");
  assertEquals(told(changed, room("art", { head: 9, topic: "newest" })).get("art")?.topic, "newest");
  assertEquals(told(changed, room("art", { head: 1, epoch: "e2" })).get("art")?.head, 1);
  assertEquals(settled(rooms, "none", { topic: "", archived: false, seq: 1 }), rooms);
  assertEquals([...listed(changed, [room("zoo")]).keys()], ["zoo"]);
  const gone = left(rooms, "art", { head: 9, read: 9 }).get("art");
  assertEquals([gone?.head, gone?.read], [9, 9]);
});

Deno.test("addresses: every room has one, and it leads back to the room", () => {
  assertEquals(addressOf("lobby"), "/");
  fc.assert(fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (name) => {
    assertEquals(roomOf(addressOf(name)), name);
  }));
  assertEquals(["/", "/x", "/rooms/", "/rooms/a/b", "/rooms/%"].map(roomOf), Array(5).fill("lobby"));
});

// Who writes

Deno.test("writing is said at most every 3 s while there is text, and taken back once", () => {
  const keys = fc.array(fc.record({ text: fc.constantFrom("", " ", "a", "ab"), wait: fc.nat(2_000) }));
  fc.assert(fc.property(keys, (script) => {
    let saidAt: typing.SaidAt = 0;
    let now = 1_000;
    const said: { say: string; at: number }[] = [];
    for (const { text, wait } of script) {
      now += wait;
      const next = typing.typed(saidAt, { text, now });
      saidAt = next.saidAt;
      if (next.say) said.push({ say: next.say, at: now });
    }
    said.forEach(({ say, at }, index) => {
      const before = said[index - 1];
      if (say === "stopped") assertEquals(before?.say, "writing");
      if (say === "writing" && before?.say === "writing") assert(at - before.at >= typing.againMs);
    });
  }));
});

Deno.test("who writes is told by name as long as that is readable, without oneself", () => {
  const texts = [[], ["ann"], ["bob"], ["ann", "bob"], ["bob", "eve"], ["a", "b", "c"]];
  assertEquals(texts.map((names) => typing.typingText(names, "ann")), [
    "",
    "",
    "bob is writing…",
    "bob is writing…",
    "bob and eve are writing…",
    "Several people are writing…",
  ]);
});
