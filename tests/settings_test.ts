import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readSettings, type Role, type Settings, settingsMarkdown, table } from "../runtime/settings.ts";
import { root, run, tempFolder } from "./harness.ts";

function read(role: Role, args: string[] = [], env: Record<string, string> = {}) {
  return readSettings(role, args, (name) => env[name]);
}

function settings(...asked: Parameters<typeof read>): Settings {
  const answer = read(...asked);
  if (answer.kind === "run") return answer.settings;
  throw new Error(answer.text);
}

function wrong(...asked: Parameters<typeof read>): string[] {
  const answer = read(...asked);
  assertEquals(answer.kind, "wrong");
  return answer.kind === "wrong" ? answer.text.split("\n") : [];
}

Deno.test("nothing set gives the defaults of the table", () => {
  assertEquals(settings("start"), {
    grpcPort: 50051,
    grpcHost: "127.0.0.1",
    port: 8000,
    host: "127.0.0.1",
    chatAddress: "localhost:50051",
    chatData: "data",
    chatLog: "sqlite:data/chat.db",
    natsCreds: "",
    natsCert: "",
    natsKey: "",
    natsReplicas: 0,
    metricsPort: 0,
    grpcTlsCert: "",
    grpcTlsKey: "",
    grpcTlsClientCa: "",
    chatTlsCert: "",
    chatTlsKey: "",
    origins: [],
  });
});

Deno.test("a flag wins over the environment, the environment over the default", () => {
  const env = { PORT: "9000", GRPC_PORT: "9001" };
  const { port, grpcPort, host } = settings("start", ["--port", "9002"], env);
  assertEquals([port, grpcPort, host], [9002, 9001, "127.0.0.1"]);
  assertEquals(settings("start", ["--port=9003"], env).port, 9003);
  assertEquals(settings("start", ["--port", "9004", "--port", "9005"], env).port, 9005);
});

Deno.test("an empty variable counts as unset, as in a Compose file", () => {
  assertEquals(settings("start", [], { PORT: "", CHAT_LOG: "" }).port, 8000);
});

Deno.test("CHAT_DATA moves the log as long as CHAT_LOG is not set", () => {
  assertEquals(settings("grpc", [], { CHAT_DATA: "/srv/chat/" }).chatLog, "sqlite:/srv/chat/chat.db");
  const { chatLog } = settings("grpc", ["--chat-log", "sqlite::memory:"], { CHAT_DATA: "/srv" });
  assertEquals(chatLog, "sqlite::memory:");
});

Deno.test("CHAT_LOG that names the default is kept beside CHAT_DATA", () => {
  const env = { CHAT_DATA: "/srv", CHAT_LOG: "sqlite:data/chat.db" };
  assertEquals(settings("grpc", [], env).chatLog, "sqlite:data/chat.db");
});

Deno.test("all mistakes are told at once, each in one line with its remedy", () => {
  const env = { PORT: "80a", HOST: "a b", CHAT_LOG: "postgres://x", ORIGINS: "https://a.example/path" };
  assertEquals(wrong("start", ["--grpc-port", "70000", "--colour", "red", "--grpc-host"], env), [
    `Cannot use "--colour": there is no such flag.`,
    `Cannot use --grpc-host: it needs a value.`,
    `Cannot use --grpc-port "70000": a port is a whole number from 0 to 65535.`,
    `Cannot use PORT "80a": a port is a whole number from 0 to 65535.`,
    `Cannot use HOST "a b": it is not a host name or an IP address.`,
    `Cannot use CHAT_LOG "postgres://x": a log is sqlite:<file>, sqlite::memory: or nats://<host:port>.`,
    `Cannot use ORIGINS "https://a.example/path": "https://a.example/path" is not an origin: scheme and host, no path, such as https://chat.example.org.`,
    `Run with --help to see all settings.`,
  ]);
});

Deno.test("wrong values of every setting are refused", () => {
  const bad: [env: string, values: string[]][] = [
    ["PORT", ["-1", "65536", "1.5", "http", "0x10", "1e3"]],
    ["GRPC_PORT", ["65536", "٣"]],
    ["HOST", ["a/b", "http://x", " "]],
    ["GRPC_HOST", ["a b"]],
    ["CHAT_LOG", ["sqlite:", "data/chat.db", "nats://", "nats://localhost:4222/a.b", "sqlite:a\0b"]],
    ["NATS_REPLICAS", ["2", "-1", "three"]],
    ["NATS_CREDS", ["a\0b"]],
    ["CHAT_DATA", ["a\0b"]],
    ["ORIGINS", ["chat.example.org", "*", "https://a.example/", "https://a.example, b"]],
  ];
  for (const [env, values] of bad) {
    for (const value of values) {
      const [first = ""] = wrong("start", [], { [env]: value });
      assertMatch(first, new RegExp(`^Cannot use ${env} `), `${env}=${JSON.stringify(value)}`);
    }
  }
  const mixed = "chat-1:50051,grpcs://chat-2:50051";
  for (
    const address of ["localhost", "localhost:0", ":50051", "http://localhost:50051", "::1:50051", mixed]
  ) {
    assertMatch(wrong("web", [], { CHAT_ADDRESS: address })[0] ?? "", /^Cannot use CHAT_ADDRESS /, address);
  }
});

Deno.test("hosts, addresses and origins are taken in each of their spellings", () => {
  assertEquals(settings("start", [], { HOST: "[::1]" }).host, "::1");
  assertEquals(settings("start", ["--host", "0.0.0.0"]).host, "0.0.0.0");
  assertEquals(settings("web", [], { CHAT_ADDRESS: "[::1]:50051" }).chatAddress, "[::1]:50051");
  for (const addresses of ["grpcs://chat-1:1, chat-2:1", "grpcs://chat-1:1,grpcs://chat-2:1"]) {
    assertEquals(settings("web", [], { CHAT_ADDRESS: addresses }).chatAddress, "grpcs://chat-1:1,chat-2:1");
  }
  const { origins } = settings("web", [], { ORIGINS: " https://a.example, http://b.example:8080 ,," });
  assertEquals(origins, ["https://a.example", "http://b.example:8080"]);
});

Deno.test("a log in NATS is taken with several servers, who we are, and a stream's name", () => {
  for (
    const url of [
      "nats://localhost:4222",
      "nats://a:4222,b:4222/CHAT",
      "nats://a:4222,nats://b:4222",
      "nats://chat:p%40ss@[::1]:4222/my_chat-2",
      "tls://token@nats.example.org",
    ]
  ) assertEquals(settings("grpc", [], { CHAT_LOG: url }).chatLog, url);
});

Deno.test("a role knows only its own settings", () => {
  assertEquals(
    wrong("web", ["--chat-log", "sqlite::memory:"])[0],
    `Cannot use "--chat-log": there is no such flag.`,
  );
  assertEquals(wrong("grpc", ["--port=1"])[0], `Cannot use "--port=1": there is no such flag.`);
  // The environment is shared, so what is another role's business is left alone, wrong or not.
  assertEquals(settings("grpc", [], { PORT: "nonsense" }).grpcPort, 50051);
});

Deno.test("--help wins over everything, names each setting of the role, and ends with examples", () => {
  for (const role of ["start", "grpc", "web"] as const) {
    const answer = read(role, ["--colour", "--help"], { PORT: "nonsense" });
    assert(answer.kind === "help");
    for (const { env, roles } of Object.values(table)) {
      const named = answer.text.includes(` ${env} `);
      assertEquals(named, (roles as readonly Role[]).includes(role), `${env} in the help of ${role}`);
    }
    assertStringIncludes(answer.text, `Examples:\n  deno task ${role}`);
  }
});

Deno.test("every example of --help is right", () => {
  for (const role of ["start", "grpc", "web"] as const) {
    const answer = read(role, ["-h"]);
    const [, examples = ""] = answer.kind === "help" ? answer.text.split("Examples:\n") : [];
    for (const example of examples.split("\n")) {
      const [before = "", after = ""] = example.trim().split(`deno task ${role}`);
      const env = Object.fromEntries(before.trim().split(" ").filter(Boolean).map((pair) => pair.split("=")));
      assertEquals(read(role, after.split(" ").filter(Boolean), env).kind, "run", example);
    }
  }
});

Deno.test("a process with wrong settings says so on stderr, opens nothing, and ends with 2", async () => {
  await using folder = await tempFolder();
  const { code, stdout, stderr } = await run(
    [Deno.execPath(), "run", "-q", "-P=grpc", "grpc_server.ts", "--grpc-port", "x", "--nope"],
    { env: { CHAT_DATA: folder.file("data") } },
  );
  assertEquals([code, stdout, stderr.split("\n").length], [2, "", 4]);
  assertEquals(await Array.fromAsync(Deno.readDir(folder.path)), []);
});

Deno.test("--help is printed on stdout and ends with 0", async () => {
  const { code, stdout, stderr } = await run([
    Deno.execPath(),
    "run",
    "-q",
    "-P=start",
    "start.ts",
    "--help",
  ]);
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /^Serve the chat page .*--grpc-port .*Examples:/s);
});

Deno.test("the README's table of settings is fresh", async () => {
  assertStringIncludes(await Deno.readTextFile(root + "README.md"), settingsMarkdown());
});
