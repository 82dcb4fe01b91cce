/** The benchmark: that it counts right and hides nothing. That it runs: quiet/bench_load_test.ts. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { judge } from "../bench/bars.ts";
import { findAnswers } from "../bench/generator/answers.ts";
import { concat, encode } from "../bench/generator/bytes.ts";
import { clientFrame, FrameReader } from "../bench/generator/frame_reader.ts";
import { Histogram } from "../bench/generator/histogram.ts";
import { flags, frame, types } from "../bench/generator/http2_frames.ts";
import { Http2Reader } from "../bench/generator/http2_reader.ts";
import { dueAt, messagesIn, writerOf } from "../bench/generator/schedule.ts";
import { findStamp, readDigits, stampAt, stampOf } from "../bench/generator/stamp.ts";
import { Tally } from "../bench/generator/tally.ts";
import { Template } from "../bench/generator/template.ts";
import { readVarint, writeVarint } from "../bench/generator/varint.ts";
import { mergeRows, replaceParts, rowsIn } from "../bench/numbers.ts";
import { readOptions } from "../bench/options.ts";
import { Results, spreadOf } from "../bench/results.ts";
import { search } from "../bench/search.ts";
import { shapes } from "../bench/shapes.ts";
import { markdownTable } from "../bench/table.ts";
import { root } from "./harness.ts";

Deno.test("percentiles are those of the sorted times, at most 1/64 off", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 0, max: 60_000_000 }), { minLength: 1, maxLength: 300 }),
    fc.constantFrom(0.5, 0.9, 0.99, 1),
    (times, share) => {
      const histogram = new Histogram();
      for (const time of times) histogram.add(time);
      const exact = times.toSorted((a, b) => a - b)[Math.ceil(times.length * share) - 1] ?? 0;
      const found = histogram.percentile(share);
      assert(Math.abs(found - exact) <= exact / 64 + 1, `${found} for ${exact}`);
      assertEquals(histogram.most, Math.max(...times));
    },
  ));
  assert(Number.isNaN(new Histogram().percentile(0.5)));
});

Deno.test("repeats become their median, least and most", () => {
  assertEquals(spreadOf([5, 1, 3]), { median: 3, min: 1, max: 5 });
  assertEquals(spreadOf([4, 1, 2, 3]), { median: 2.5, min: 1, max: 4 });
  assertEquals(spreadOf([NaN]), undefined);
});

/** A server's frame: a client's without the mask. */
function serverFrame(first: number, payload: Uint8Array): Uint8Array {
  const masked = clientFrame(first & 0x0f, payload);
  const bytes = concat([masked.subarray(0, masked.length - payload.length - 4), payload]);
  bytes[0] = first;
  bytes[1] = (bytes[1] ?? 0) & 0x7f;
  return bytes;
}

/** Feeds bytes in parts as a socket does: what was kept, then what came. */
function feed(
  parts: Uint8Array[],
  reader: Pick<FrameReader, "restore">,
  take: (b: Uint8Array, end: number) => void,
) {
  const buffer = new Uint8Array(300_000);
  for (const part of parts) {
    const kept = reader.restore(buffer);
    buffer.set(part, kept);
    take(buffer, kept + part.length);
    buffer.fill(0);
  }
}

function cut(bytes: Uint8Array, places: number[]): Uint8Array[] {
  const at = [0, ...places.map((place) => place % bytes.length).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((to, i) => bytes.slice(at[i], to));
}

Deno.test("WebSocket frames are read whole, wherever the network cuts them", () => {
  const long = encode("x".repeat(70_000));
  const stream = concat([
    serverFrame(0x81, encode("one")),
    serverFrame(0x81, encode("y".repeat(200))),
    serverFrame(0x01, encode("in ")),
    serverFrame(0x89, encode("ping")),
    serverFrame(0x80, encode("two")),
    serverFrame(0x82, long),
    serverFrame(0x81, encode("")),
  ]);
  const expected = ["1:one", `1:${"y".repeat(200)}`, "9:ping", "1:in two", `2:${"x".repeat(70_000)}`, "1:"];
  const readAll = (parts: Uint8Array[]) => {
    const heard: string[] = [];
    const reader = new FrameReader();
    const hears = {
      heard: (opcode: number, bytes: Uint8Array, from: number, to: number) =>
        void heard.push(`${opcode}:${new TextDecoder().decode(bytes.subarray(from, to))}`),
    };
    feed(parts, reader, (bytes, end) => reader.take(bytes, end, hears));
    return heard;
  };
  for (let i = 0; i <= 240; i++) assertEquals(readAll([stream.slice(0, i), stream.slice(i)]), expected);
  fc.assert(
    fc.property(
      fc.array(fc.nat(), { maxLength: 20 }),
      (places) => assertEquals(readAll(cut(stream, places)), expected),
    ),
    { numRuns: 50 },
  );
});

Deno.test("gRPC messages are read whole, wherever frames and network cut them", () => {
  const message = (text: string) => concat([Uint8Array.of(0, 0, 0, 0, text.length), encode(text)]);
  const messages = concat([message("one"), message("two"), message(""), message("three")]);
  fc.assert(fc.property(fc.array(fc.nat()), fc.array(fc.nat()), (inFrames, inNetwork) => {
    const stream = concat([
      frame(types.SETTINGS, { payload: Uint8Array.of(0, 4, 0, 1, 0, 0) }),
      ...cut(messages, inFrames).map((payload) => frame(types.DATA, { stream: 1, payload })),
      frame(types.PING, { payload: encode("12345678") }),
      frame(types.WINDOW_UPDATE, { stream: 1, payload: Uint8Array.of(0, 0, 0, 9) }),
      frame(types.HEADERS, { stream: 1, flags: flags.END_STREAM, payload: new Uint8Array(0) }),
    ]);
    const heard: string[] = [];
    const reader = new Http2Reader();
    feed(cut(stream, inNetwork), reader, (bytes, end) =>
      reader.take(bytes, end, {
        message: (bytes) => heard.push(new TextDecoder().decode(bytes)),
        ack: (frame) => heard.push(`ack ${frame[3]}`),
        window: (on, more) => heard.push(`${on} ${more}`),
        initialWindow: (size) => heard.push(`initial ${size}`),
        ended: (why) => heard.push(why),
      }));
    const all = [
      "initial 65536",
      "ack 4",
      "one",
      "two",
      "",
      "three",
      "ack 6",
      "stream 9",
      "the call was ended",
    ];
    assertEquals(heard, all);
  }));
});

Deno.test("messages are due by the clock alone, and the writers take turns", () => {
  const schedule = { perSecond: 40, seconds: 2.5, writers: 3 };
  assertEquals(messagesIn(schedule), 100);
  assertEquals([0, 1, 40].map((i) => dueAt(i, schedule)), [0, 25, 1_000]);
  assertEquals([0, 1, 2, 3].map((i) => writerOf(i, schedule)), [0, 1, 2, 0]);
});

Deno.test("a message's numbers are written in place, and found in what a server makes of it", () => {
  const text = JSON.stringify({ id: "1#######", text: `${stampOf(12)} and more` });
  const bytes = new Template(encode(text)).fill(345, 6_789.7);
  assertEquals(
    new TextDecoder().decode(bytes),
    `{"id":"10000345","text":"~00012.0000345.0000006789~ and more"}`,
  );
  const around = concat([encode("~~.~ 126 "), bytes, bytes]);
  const at = findStamp(around, 0, around.length);
  assertEquals(readDigits(around, at + stampAt.number, stampAt.numberDigits), 345);
  assertEquals(readDigits(around, at + stampAt.due, stampAt.dueDigits), 6_789);
  assert(findStamp(around, at + 1, around.length) > at);
  assertEquals(findStamp(around, 0, at + 25), -1);
  for (const value of [1 << 21, 123_456_789, (1 << 28) - 1]) {
    const bytes = new Uint8Array(5);
    writeVarint(bytes, 1, value);
    assertEquals(readVarint(bytes, 1), { value, next: 5 });
  }
});

Deno.test("answers are found among other frames, and refusals told from them", () => {
  const bytes = encode(
    `[{"id":10000007,"sent":{"seq":1}},{"batch":{"first":1,"events":[{"seq":1}]}},` +
      `{"id":10000008,"refused":{"code":"RESOURCE_EXHAUSTED"}},{"id":3,"done":{}}]`,
  );
  const found: [number, boolean][] = [];
  findAnswers(
    bytes,
    { from: 0, to: bytes.length },
    (number, refusal) => found.push([number, refusal?.includes("RESOURCE_EXHAUSTED") ?? false]),
  );
  assertEquals(found, [[7, false], [8, true]]);
});

Deno.test("a tally sees what is lost, doubled, late, and seen in another order", () => {
  const layout = { clients: 4, rooms: 2, writers: 2 };
  const window = { from: 0, to: 1_000 };
  const tallyOf = (deliveries: [client: number, writer: number, number: number][], sent: number) => {
    // Each writer had said five before.
    const tally = new Tally(layout, new Uint32Array(4).fill(5), window);
    for (let i = 0; i < sent; i++) tally.sent();
    for (const [client, writer, number] of deliveries) tally.took(client, { writer, number, due: 100 }, 300);
    const { lost, disordered, diverging, delivered } = tally.counts();
    return { lost, disordered, diverging, delivered };
  };
  // Writers 0 and 1 of room 0, whose clients are 0 and 2.
  const good: [number, number, number][] = [[0, 0, 6], [0, 1, 6], [2, 0, 6], [2, 1, 6]];
  assertEquals(tallyOf(good, 2), { lost: 0, disordered: 0, diverging: 0, delivered: 4 });
  assertEquals(tallyOf(good.slice(1), 2), { lost: 1, disordered: 0, diverging: 0, delivered: 3 });
  assertEquals(tallyOf([...good, [2, 1, 6]], 2), { lost: 0, disordered: 1, diverging: 0, delivered: 4 });
  assertEquals(tallyOf([...good, [2, 1, 5]], 2), { lost: 0, disordered: 0, diverging: 0, delivered: 4 });
  const other: [number, number, number][] = [[0, 0, 6], [0, 1, 6], [2, 1, 6], [2, 0, 6]];
  assertEquals(tallyOf(other, 2), { lost: 0, disordered: 0, diverging: 1, delivered: 4 });
});

Deno.test("the highest rate that holds is found, and what lies just past it", async () => {
  for (const limit of [7, 50, 333, 1_000]) {
    const seen: number[] = [];
    const { best, past } = await search({ from: 20, most: 640, nearness: 1.1 }, (rate) => {
      seen.push(rate);
      return Promise.resolve({ held: rate <= limit });
    });
    assert(
      best && best.rate <= limit && best.rate * 1.1 >= Math.min(limit, 640),
      `${best?.rate} of ${limit}`,
    );
    assertEquals(past === undefined, limit >= 640);
    assert(new Set(seen).size < 16, `${seen}`);
  }
  const tried = new Set<number>();
  const disturbed = await search({ from: 20, most: 640, nearness: 1.1 }, (rate) => {
    const isAgain = tried.has(rate);
    tried.add(rate);
    return Promise.resolve({ held: isAgain && rate <= 333 });
  });
  assert(disturbed.best && disturbed.best.rate * 1.1 >= 333, "one bad try is no limit");
  const { best } = await search(
    { from: 20, most: 640, nearness: 1.1 },
    () => Promise.resolve({ held: false }),
  );
  assertEquals(best, undefined);
});

Deno.test("the command line: names are checked, mistakes are told", () => {
  const known = { shapes: ["room", "idle"], peers: ["ours", "ws"] };
  const asked = readOptions(["--only", "idle", "--peers=ours,ws", "--repeats", "5"], known);
  const options = {
    quick: false,
    only: ["idle"],
    cells: "",
    peers: ["ours", "ws"],
    repeats: 5,
    write: false,
  };
  assertEquals(asked, { is: "run", options });
  for (const wrong of [["--only", "rom"], ["--repeats", "0"], ["--fast"], ["--peers"]]) {
    assertEquals(readOptions(wrong, known).is, "wrong", wrong.join(" "));
  }
});

Deno.test("a bar is met, not met, or was not measured", () => {
  const results = new Results();
  for (const [peer, cpu] of [["ours", 12], ["ours", 12.2], ["deno", 10]] as const) {
    results.add({ shape: "room", cell: "1000 × 20/s", peer, outcome: { cpu } });
  }
  results.add({ shape: "room", cell: "1000 × 20/s", peer: "deno", outcome: "it broke" });
  const cost = judge(results).find(({ what }) => what === "CPU per delivery against bare Deno, 1000 × 20/s");
  assertEquals([cost?.bar, cost?.value, cost?.met], [1, 1.21, false]);
  const storm = judge(results).find(({ bar }) => bar === 4);
  assert(storm && Number.isNaN(storm.value) && !storm.met);
  assertEquals([...new Set(judge(results).map(({ bar }) => bar))], [1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

Deno.test("a run of a part writes the rows that it measured, and leaves the others as they were", () => {
  const text = replaceParts(
    "<!-- bench:bars -->\n<!-- end -->\n| not | this |\n",
    { bars: markdownTable(["bar", "what", "value"], [["1", "a", "1.5"], ["1", "b", "2.5"]]) },
  );
  const merged = mergeRows(rowsIn(text, "bars"), [["1", "b", "3"], ["2", "b", "4"]]);
  assertEquals(merged, [["1", "a", "1.5"], ["1", "b", "3"], ["2", "b", "4"]]);
});

Deno.test("docs/numbers.md has a place for all that is measured", async () => {
  const text = await Deno.readTextFile(`${root}docs/numbers.md`);
  const names = ["machine", "bars", ...shapes.map(({ name }) => name)];
  const parts = Object.fromEntries(names.map((name) => [name, `the part ${name}`]));
  const written = replaceParts(text, parts);
  for (const name of names) {
    assertStringIncludes(written, `<!-- bench:${name} -->\n\nthe part ${name}\n\n<!-- end -->`);
  }
  assertEquals(replaceParts(written, parts), written);
});
