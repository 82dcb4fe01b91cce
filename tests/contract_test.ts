/** The tree keeps its word: generated code is fresh, the tutorial's contract untouched, the layers as designed. */
import { assert, assertEquals } from "@std/assert";
import { errors } from "../protos/errors.ts";
import { generate } from "../protos/generate.ts";
import { buf, root, tempFolder } from "./harness.ts";

async function* filesIn(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    // What begins with a dot is no source, such as a cache.
    if (name.startsWith(".")) continue;
    if (isDirectory) yield* filesIn(`${folder}/${name}`);
    else yield `${folder}/${name}`;
  }
}

Deno.test("generated code is what `deno task proto` makes now", async () => {
  await using folder = await tempFolder();
  const fresh = folder.file("gen");
  await generate(fresh);
  const committed = `${root}protos/gen`;
  const names = async (folder: string) =>
    (await Array.fromAsync(filesIn(folder))).map((file) => file.slice(folder.length)).sort();
  assertEquals(await names(committed), await names(fresh));
  for (const name of await names(fresh)) {
    assertEquals(await Deno.readFile(committed + name), await Deno.readFile(fresh + name), name);
  }
});

Deno.test("buf lint passes", async () => {
  const { code, stdout, stderr } = await buf(["lint"], { cwd: `${root}protos` });
  assertEquals(code, 0, stdout + stderr);
});

Deno.test("the tutorial's messages and calls keep their names, numbers and types", async () => {
  const proto = (await Deno.readTextFile(`${root}protos/chat.proto`)).replace(/\/\/.*$/gm, "").replace(
    /\s+/g,
    " ",
  );
  const has = (part: string) => assert(proto.includes(part), part);
  has("package chat;");
  has("rpc SendMessage(ChatMessage) returns (ChatResponse);");
  has("rpc StreamMessages(StreamRequest) returns (stream ChatMessage);");
  has("message ChatMessage { string username = 1; string message = 2; string timestamp = 3;");
  has("message ChatResponse { bool success = 1; string message = 2;");
  has("message StreamRequest { string username = 1;");
});

Deno.test("close codes: one range means come back, the other does not", () => {
  for (const [code, { close, retry }] of Object.entries(errors)) {
    assert(close >= 4000 && close < 5000, code);
    assertEquals(close < 4500, retry, code);
  }
  const codes = Object.values(errors).map(({ close }) => close);
  assertEquals(new Set(codes).size, codes.length);
});

/** DESIGN.md §5: who may import whom. */
const layers: Record<string, readonly string[]> = {
  protos: [],
  runtime: [],
  feed: ["protos"],
  chat: ["protos", "feed"],
  log: ["chat", "protos"],
  islands: ["protos"],
  gateway: ["protos", "feed", "runtime"],
  service: ["protos", "feed", "chat", "runtime"],
  sdk: ["protos"],
  bench: ["protos", "sdk"],
  "grpc_server.ts": ["protos", "runtime", "feed", "chat", "log", "service"],
  "start.ts": ["protos", "runtime", "gateway", "grpc_server.ts"],
};

Deno.test("the layers: nobody imports from where they may not", async () => {
  const strays: string[] = [];
  for await (const file of sources()) {
    const layer = file.split("/")[0] ?? "";
    const may = layers[layer];
    if (!may) strays.push(`${file} is in no layer`);
    const text = await Deno.readTextFile(root + file);
    for (const [, from, lazily, url] of text.matchAll(importPattern)) {
      const to = from ?? lazily ?? url ?? "";
      const target = new URL(to, new URL(file, "file:///")).pathname.slice(1).split("/")[0] ?? "";
      if (target !== layer && !may?.includes(target)) strays.push(`${file} imports ${to}`);
    }
  }
  assertEquals(strays, []);
});

/** `from "./x"`, `import "./x"`, `import("./x")`, and `new URL("./x.ts", import.meta.url)`, which is how a thread is started. */
const importPattern = /\b(?:from|import)\s+"(\.[^"]*)"|import\s*\(\s*"(\.[^"]*)"|new URL\("(\.[^"]*\.tsx?)"/g;

/** All our source files but tests and docs. */
async function* sources(): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(root)) {
    if (isDirectory && !/^(\..*|tests|docs|dist|data|node_modules)$/.test(name)) {
      for await (const file of filesIn(root + name)) if (/\.tsx?$/.test(file)) yield file.slice(root.length);
    } else if (/\.tsx?$/.test(name)) yield name;
  }
}
