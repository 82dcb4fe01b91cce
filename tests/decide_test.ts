/** What chat/decide.ts says to a command, as tables. */
import { assertEquals } from "@std/assert";
import type { Command } from "../chat/decide.ts";
import type { ErrorCode } from "../protos/errors.ts";
import { limits } from "../protos/limits.ts";
import {
  ann,
  archive,
  as,
  bob,
  brew,
  command,
  edit,
  hi,
  like,
  make,
  play,
  remove,
  told,
  tutor,
  unlike,
} from "./playing.ts";

const byBob = (one: Command) => ({ ...one, by: bob });

/** What was done before, what is asked, and what is told: a code, or what becomes of it and the event's seq. */
type Case = [what: string, before: Command[], asked: Command, told: ErrorCode | string];

const inLobby: Case[] = [
  ["a message is stored", [], hi, "accept 1"],
  ["a repeat gets the first one's event", [hi], hi, "duplicate 1"],
  ["without an id a repeat is another message", [as(ann, hi)], as(ann, hi), "accept 2"],
  ["another person's id is another id", [hi], byBob(hi), "accept 2"],
  [
    "a name that was taken at its word has ids of its own",
    [hi],
    as({ ...tutor, name: "Ann" }, hi, "hi"),
    "accept 2",
  ],
  ["an id for another text", [hi], { ...hi, text: "ho" } as Command, "ALREADY_EXISTS"],
  ["an id for another reply", [as(ann, hi), hi], { ...hi, replyTo: 1 } as Command, "ALREADY_EXISTS"],
  ["an id for another kind", [hi], { ...remove, clientId: "hi" }, "ALREADY_EXISTS"],
  ["a repeat after an edit", [hi, edit], hi, "duplicate 1"],
  [
    "a repeat after an edit, as far as can be told",
    [hi, edit],
    { ...hi, text: "?" } as Command,
    "duplicate 1",
  ],
  [
    "a repeat after a deletion, as far as can be told",
    [hi, remove],
    { ...hi, text: "?" } as Command,
    "duplicate 1",
  ],
  ["a repeat after a deletion", [hi, remove], hi, "duplicate 1"],
  ["a blank text", [], command({ kind: "send", text: " " }), "INVALID_ARGUMENT"],
  ["an over-long id", [], as(ann, hi, "x".repeat(65)), "INVALID_ARGUMENT"],
  ["a reply", [hi], command({ kind: "send", text: "yes", replyTo: 1 }), "accept 2"],
  ["a reply to nothing", [hi], command({ kind: "send", text: "yes", replyTo: 2 }), "NOT_FOUND"],
  ["a reply to an edit", [hi, edit], command({ kind: "send", text: "yes", replyTo: 2 }), "NOT_FOUND"],
  [
    "a reply to what was deleted",
    [hi, remove],
    command({ kind: "send", text: "y", replyTo: 1 }),
    "FAILED_PRECONDITION",
  ],
  ["a reply to a part of a number", [hi], command({ kind: "send", text: "yes", replyTo: 0.5 }), "NOT_FOUND"],
  ["an edit", [hi], edit, "accept 2"],
  ["an edit, again", [hi, edit], edit, "duplicate 2"],
  [
    "an edit, again after another one",
    [hi, edit, { ...edit, text: "3", clientId: "3" } as Command],
    edit,
    "duplicate 2",
  ],
  ["an edit, again after the deletion", [hi, edit, remove], edit, "duplicate 2"],
  ["an edit's id for another text", [hi, edit], { ...edit, text: "ho" } as Command, "ALREADY_EXISTS"],
  ["an edit of another's message", [hi], byBob(edit), "PERMISSION_DENIED"],
  ["an edit to nothing to see", [hi], { ...edit, text: "\u200B" } as Command, "INVALID_ARGUMENT"],
  ["an edit of nothing", [], edit, "NOT_FOUND"],
  ["an edit of a reaction", [hi, like], { ...edit, target: 2 } as Command, "NOT_FOUND"],
  ["an edit of what was deleted", [hi, remove], edit, "FAILED_PRECONDITION"],
  ["an edit of a message of one who had no token", [as(tutor, hi)], edit, "PERMISSION_DENIED"],
  ["a deletion", [hi], remove, "accept 2"],
  ["a deletion, again", [hi, remove], remove, "duplicate 2"],
  ["a deletion, again under another id", [hi, remove], as(ann, remove, "x"), "duplicate 2"],
  ["a deletion of another's message", [hi], byBob(remove), "PERMISSION_DENIED"],
  ["a deletion of another's deleted message", [hi, remove], byBob(remove), "PERMISSION_DENIED"],
  ["a deletion of seq 0", [hi], command({ kind: "delete", target: 0 }), "NOT_FOUND"],
  ["a reaction", [hi], like, "accept 2"],
  ["a reaction of somebody else", [hi, like], byBob(like), "accept 3"],
  ["a reaction that is there", [hi, like], like, "duplicate 2"],
  ["a reaction, again after it was taken off", [hi, like, unlike], like, "accept 4"],
  [
    "a reaction's id, again after it was taken off",
    [hi, as(ann, like, "l"), unlike],
    as(ann, like, "l"),
    "duplicate 2",
  ],
  ["a reaction's id for its removal", [hi, as(ann, like, "l")], as(ann, unlike, "l"), "ALREADY_EXISTS"],
  ["a reaction taken off", [hi, like], unlike, "accept 3"],
  ["a reaction of somebody else taken off", [hi, like], byBob(unlike), "NOT_FOUND"],
  ["a reaction taken off that is not there", [hi], unlike, "NOT_FOUND"],
  ["a reaction that is no emoji", [hi], { ...like, emoji: "ok" } as Command, "INVALID_ARGUMENT"],
  ["a reaction to what was deleted", [hi, remove], like, "FAILED_PRECONDITION"],
  ["a reaction to an edit", [hi, edit], { ...like, target: 2 } as Command, "NOT_FOUND"],
  ["the lobby is not made", [], make, "ALREADY_EXISTS"],
  ["the lobby is nobody's to change", [hi], brew, "PERMISSION_DENIED"],
  ["the lobby is nobody's to archive", [hi], archive, "PERMISSION_DENIED"],
];

const inAttic: Case[] = [
  ["a room is made", [], make, "accept 1"],
  ["a room is made once", [make], as(bob, make), "ALREADY_EXISTS"],
  ["a room's making, again", [make, hi], make, "duplicate 1"],
  [
    "a room's making, again with another topic",
    [make],
    { ...make, topic: "milk" } as Command,
    "ALREADY_EXISTS",
  ],
  [
    "a room's making, again with spaces around the topic",
    [make],
    { ...make, topic: " tea " } as Command,
    "duplicate 1",
  ],
  ["a topic of two lines", [], { ...make, topic: "a\nb" } as Command, "INVALID_ARGUMENT"],
  ["nothing is said in a room that is not there", [], hi, "NOT_FOUND"],
  ["nothing is changed in a room that is not there", [], brew, "NOT_FOUND"],
  ["nothing is deleted in a room that is not there", [], remove, "NOT_FOUND"],
  ["everybody speaks in a room", [make], byBob(hi), "accept 2"],
  ["a topic is changed", [make], brew, "accept 2"],
  ["a topic is changed, again", [make, brew], brew, "duplicate 2"],
  [
    "a topic is changed, again with spaces around it",
    [make, brew],
    { ...brew, topic: " coffee" } as Command,
    "duplicate 2",
  ],
  ["a change that changes nothing", [make, brew], as(ann, brew), "duplicate 2"],
  ["a change's id for another topic", [make, brew], { ...brew, topic: "milk" } as Command, "ALREADY_EXISTS"],
  ["a topic is taken away", [make], command({ kind: "change", topic: "" }), "accept 2"],
  ["only who made it may change it", [make], byBob(brew), "PERMISSION_DENIED"],
  ["whoever changed it did not make it", [make, brew, archive], byBob(archive), "PERMISSION_DENIED"],
  ["a change of nothing", [make], command({ kind: "change" }), "INVALID_ARGUMENT"],
  ["the first event is no message", [make], { ...edit, target: 1 } as Command, "NOT_FOUND"],
  ["an archived room is not spoken in", [make, archive], hi, "FAILED_PRECONDITION"],
  ["a repeat is answered in an archived room", [make, hi, archive], hi, "duplicate 2"],
  [
    "nothing is edited in an archived room",
    [make, hi, archive],
    { ...edit, target: 2 } as Command,
    "FAILED_PRECONDITION",
  ],
  [
    "no reaction in an archived room",
    [make, hi, archive],
    { ...like, target: 2 } as Command,
    "FAILED_PRECONDITION",
  ],
  [
    "what was said can be deleted in an archived room",
    [make, hi, archive],
    { ...remove, target: 2 } as Command,
    "accept 4",
  ],
  ["the topic of an archived room is changed", [make, archive], brew, "accept 3"],
  [
    "an archived room is brought back",
    [make, archive, command({ kind: "change", archived: false })],
    hi,
    "accept 4",
  ],
];

for (const [name, cases] of Object.entries({ lobby: inLobby, attic: inAttic })) {
  for (const [what, before, asked, expected] of cases) {
    Deno.test(`decide, in "${name}": ${what}: ${expected}`, () => {
      const { decisions } = play([...before, asked], { name });
      assertEquals(
        decisions.slice(0, -1).filter(({ kind }) => kind !== "accept"),
        [],
        "what came before is fine",
      );
      assertEquals(told(decisions.at(-1)), expected);
    });
  }
}

Deno.test("P6 closed: a name that was taken at its word may speak in the lobby and do nothing else", () => {
  const acts = [edit, remove, like, unlike, make, brew, archive];
  for (const act of acts) {
    const { decisions } = play([as(tutor, hi), as(tutor, act)]);
    assertEquals(decisions.map(told), ["accept 1", "UNAUTHENTICATED"]);
    const inRoom = play([make, as(tutor, hi), as(tutor, act)], { name: "attic" });
    assertEquals(inRoom.decisions.map(told), ["accept 1", "UNAUTHENTICATED", "UNAUTHENTICATED"]);
  }
});

Deno.test("P5 bounded: a message can be edited so often, counted one by one, and deleted all the same", () => {
  const edits = Array.from({ length: limits.editsPerMessage + 1 }, () => ({ ...edit, clientId: "" }));
  const other = { ...edit, target: 2, clientId: "" } as Command;
  const { decisions } = play([hi, as(ann, hi), ...edits, other, remove]);
  const codes = decisions.slice(2).map((decision) => told(decision)?.replace(/ .*/, ""));
  const accepted = Array.from({ length: limits.editsPerMessage }, () => "accept");
  assertEquals(codes, [...accepted, "FAILED_PRECONDITION", "accept", "accept"]);
});

Deno.test("an event says who did it, what, and whom it mentions; settings are said in full", () => {
  const { events } = play([
    make,
    command({ kind: "send", text: "hi @Bob and @bob", clientId: "1" }),
    command({ kind: "edit", target: 2, text: "hi @Zoë" }),
    archive,
  ], { name: "attic" });
  const by = { timestamp: "2026-01-31T12:00:00.000Z", sender: "Ann", author: "guest:a" };
  assertEquals(events as unknown[], [
    { ...by, seq: 1, clientId: "make", settings: { topic: "tea" } },
    { ...by, seq: 2, clientId: "1", message: { text: "hi @Bob and @bob", mentions: ["bob"] } },
    { ...by, seq: 3, clientId: "", edited: { target: 2, text: "hi @Zoë", mentions: ["zoe\u0308"] } },
    { ...by, seq: 4, clientId: "archive", settings: { topic: "tea", archived: true } },
  ]);
});
