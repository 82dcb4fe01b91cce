/** What keeps a server from starting: one line that says what, why and what to do; no stack; exit 1, or 2 for settings. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { bundle, root, run, spawn, tempFolder } from "./harness.ts";
import { readOnly } from "./mounts.ts";

const entries = { grpc: "grpc_server.ts", web: "gateway/main.ts", start: "start.ts" };
type Role = keyof typeof entries;

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a server that is not expected to last; after 15 s it is killed, and its code is 137. */
async function startUp(role: Role, env: Record<string, string>, wrap: string[] = []): Promise<Ended> {
  if (role !== "grpc") await bundle();
  const deno = [Deno.execPath(), "run", "-q", `-P=${role}`, entries[role]];
  return await run(["timeout", "-s", "KILL", "15", ...wrap, ...deno], {
    cwd: root,
    env: { GRPC_PORT: "0", PORT: "0", ...env },
  });
}

function assertRefused({ code, stdout, stderr }: Ended, state: string): void {
  assertEquals([code, stdout], [1, ""], stderr);
  assertMatch(stderr, /^Cannot \w+( \w+)* "[^"\n]+": [^\n]+, [^\n]+\.\n$/);
  assertStringIncludes(stderr, state);
}

/** Another program's database. */
function makeForeign(file: string, userVersion: number): DatabaseSync {
  const db = new DatabaseSync(file);
  db.exec(`CREATE TABLE recipes (name TEXT); INSERT INTO recipes VALUES ('soup')`);
  db.exec(`PRAGMA user_version = ${userVersion}`);
  return db;
}

const unusable: Record<string, { make: (file: string) => void; state: string }> = {
  "is no database": {
    make: (file) => Deno.writeTextFileSync(file, "Dear diary. ".repeat(1_000)),
    state: "not a SQLite database",
  },
  "is a folder": { make: (file) => Deno.mkdirSync(file), state: "cannot be opened" },
  "is from a newer version": { make: (file) => makeForeign(file, 999).close(), state: "version 999" },
  "is another program's database": {
    make: (file) => makeForeign(file, 0).close(),
    state: "another program's database",
  },
  "is another program's database, with a version of ours": {
    make: (file) => makeForeign(file, 1).close(),
    state: "another program's database",
  },
};

async function digest(file: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", await Deno.readFile(file))).toHex();
}

for (const [what, { make, state }] of Object.entries(unusable)) {
  Deno.test(`ChatService does not start on a file that ${what}, says so, and leaves it as it was`, async () => {
    await using folder = await tempFolder();
    const file = folder.file("chat.db");
    make(file);
    const { isFile } = await Deno.stat(file);
    const before = isFile && await digest(file);
    assertRefused(await startUp("grpc", { CHAT_LOG: `sqlite:${file}` }), state);
    assertEquals(isFile && await digest(file), before);
  });
}

/** A folder with a real database in it, whose server has ended. */
async function usedFolder(): Promise<Awaited<ReturnType<typeof tempFolder>>> {
  const folder = await tempFolder();
  await using server = await spawn("grpc", { env: { CHAT_LOG: `sqlite:${folder.file("chat.db")}` } });
  await server.kill("SIGTERM");
  return folder;
}

for (const part of ["folder", "file"]) {
  Deno.test(`ChatService does not start on a read-only ${part}, and says so`, async () => {
    await using folder = await usedFolder();
    const file = folder.file("chat.db");
    const wrap = await readOnly(part === "file" ? file : folder.path);
    if (!wrap) return;
    const ended = await startUp("grpc", { CHAT_LOG: `sqlite:${file}` }, wrap);
    assertRefused(ended, part === "file" ? "read-only" : "cannot be written");
  });
}

Deno.test("a second Switchboard does not start on a file that one serves already", async () => {
  await using folder = await tempFolder();
  const env = { CHAT_LOG: `sqlite:${folder.file("chat.db")}` };
  await using server = await spawn("grpc", { env });
  assertRefused(await startUp("grpc", env), "another Switchboard serves it");
  assertRefused(await startUp("start", env), "another Switchboard serves it");
  await server.kill("SIGKILL");
  await using next = await spawn("grpc", { env });
  assertEquals((await next.kill("SIGTERM")).code, 0, "nothing is left of the lock of one that was killed");
});

for (const what of ["new", "used"]) {
  Deno.test(`ChatService does not start on a ${what} file that another program has locked`, async () => {
    await using folder = await (what === "new" ? tempFolder() : usedFolder());
    const file = folder.file("chat.db");
    using other = new DatabaseSync(file);
    other.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    assertRefused(await startUp("grpc", { CHAT_LOG: `sqlite:${file}` }), "locked");
  });
}

Deno.test("ChatService does not start with keys that are none, says so, and leaves them and the log's lock as they were", async () => {
  await using folder = await tempFolder();
  const env = { CHAT_LOG: `sqlite:${folder.file("chat.db")}`, CHAT_DATA: folder.path };
  const keys = folder.file("keys.json");
  await Deno.writeTextFile(keys, "not keys");
  assertRefused(await startUp("grpc", env), "it is not a set of keys");
  assertEquals(await Deno.readTextFile(keys), "not keys");
  await Deno.remove(keys);
  await Deno.mkdir(keys);
  assertRefused(await startUp("grpc", env), "cannot be read or made");
  await Deno.remove(keys);
  await using server = await spawn("grpc", { env });
  assertEquals((await server.kill("SIGTERM")).code, 0);
});

const portsInUse: [Role, string][] = [["grpc", "GRPC_PORT"], ["web", "PORT"], ["start", "GRPC_PORT"], [
  "start",
  "PORT",
]];

for (const [role, setting] of portsInUse) {
  Deno.test(`"${role}" does not start on a ${setting} that is in use, and says so`, async () => {
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const env = { CHAT_LOG: "sqlite::memory:", [setting]: String(taken.addr.port) };
    const ended = await startUp(role, env);
    assertRefused(ended, String(taken.addr.port));
    assertStringIncludes(ended.stderr, `choose another ${setting}`);
    assertMatch(ended.stderr, /in use/);
  });
}

Deno.test("wrong settings are all told at once, each in a line that names it, with exit 2 and nothing opened", async () => {
  await using folder = await tempFolder();
  const log = await startUp("grpc", { CHAT_LOG: "redis://localhost:6379" });
  assertEquals([log.code, log.stdout], [2, ""]);
  assertMatch(log.stderr, /^Cannot use CHAT_LOG "redis:\/\/localhost:6379": [^\n]+, [^\n]+\.\n/);
  const many = await startUp("start", {
    CHAT_DATA: folder.file("data"),
    GRPC_PORT: "65536",
    PORT: "http",
    ORIGINS: "https://a.example/path",
  });
  assertEquals([many.code, many.stdout], [2, ""]);
  const lines = many.stderr.trim().split("\n");
  assertEquals(lines.map((line) => /^Cannot use (\w+) /.exec(line)?.[1]), [
    "GRPC_PORT",
    "PORT",
    "ORIGINS",
    undefined,
  ]);
  assert(!many.stderr.includes("    at "));
  assertEquals(await Array.fromAsync(Deno.readDir(folder.path)), []);
});
