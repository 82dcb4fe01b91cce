/** Who speaks: signing in and out over HTTP, and who is let onto `/ws`. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { Tokens } from "../gateway/tokens.ts";
import { ChatError, errors } from "../protos/errors.ts";
import { limits } from "../protos/limits.ts";
import { FrameSocket, RawSocket, signIn } from "./doors.ts";
import { upgradeStatus } from "./gateway_parts.ts";
import { eventually, serveChat, serveWeb } from "./harness.ts";
import { onLogs } from "./logs.ts";

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

/** Asks over HTTP as a page or a program does. */
async function ask(
  port: number,
  path: string,
  { headers = {}, body, method = "POST" }: {
    headers?: Record<string, string>;
    body?: unknown;
    method?: string;
  } = {},
): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

Deno.test("a browser's token is in a cookie that no script can read, a program's in the answer", async () => {
  await using chat = await serveChat();
  await using web = await serveWeb(chat.port, { origins: ["https://chat.example.org"] });
  const page = await ask(web.port, "/sign-in", {
    body: { name: "ann" },
    headers: { origin: `http://127.0.0.1:${web.port}` },
  });
  assertEquals([page.status, page.body.token], [200, undefined]);
  const { id, name, key } = page.body.principal as Record<string, string>;
  assertMatch(id ?? "", /^guest:[0-9a-f]{16}$/);
  assertEquals([name, key], ["ann", "ann"]);
  const cookie = page.headers.get("set-cookie") ?? "";
  const parts = cookie.split("; ");
  for (const part of ["HttpOnly", "SameSite=Lax", "Path=/"]) assert(parts.includes(part), cookie);
  assert(!parts.includes("Secure"), "the page was loaded over http");
  const age = Number(/Max-Age=(\d+)/.exec(cookie)?.[1]);
  assert(Math.abs(age - limits.tokenMs / 1_000) < 10, cookie);
  assert(Math.abs(Date.parse(String(page.body.expires)) - Date.now() - limits.tokenMs) < 10_000);

  const secure = await ask(web.port, "/sign-in", {
    body: { name: "bob" },
    headers: { origin: "https://chat.example.org" },
  });
  assert(secure.headers.get("set-cookie")?.split("; ").includes("Secure"), "this one over https");
  const program = await ask(web.port, "/sign-in", { body: { name: "bot" } });
  assertMatch(String(program.body.token), /^[\w-]+\.[\w-]+\.[\w-]+$/);

  // The cookie opens the socket, and the page shows who it is.
  const pair = parts[0] ?? "";
  await using socket = await RawSocket.connect(`ws://127.0.0.1:${web.port}/ws`, {
    headers: { cookie: pair },
  });
  socket.send({ id: 1, open: {} });
  const [opened] = await socket.until((received) => received.length > 0) as {
    opened?: { principal: unknown };
  }[];
  assertEquals(opened?.opened?.principal, { id, name: "ann", key: "ann" });
  assertEquals((await ask(web.port, "/me", { method: "GET", headers: { cookie: pair } })).body, {
    principal: { id, name: "ann" },
  });
  const document = await fetch(`http://127.0.0.1:${web.port}/rooms/attic`, { headers: { cookie: pair } });
  assertMatch(await document.text(), /data-name="ann".*>attic</);
});

onLogs(
  "signing in again under the name keeps who one is; a name that is taken, or looks like it, is refused",
  async (log) => {
    await using chat = await serveChat(log);
    await using web = await serveWeb(chat.port);
    const first = await signIn(web.port, "Ann");
    const again = await signIn(web.port, "Ann", { token: first.token });
    assertEquals(again.principal, first.principal);
    for (const name of ["Ann", "ann", "Аnn", "Ａnn"]) {
      const { status, body } = await ask(web.port, "/sign-in", { body: { name } });
      assertEquals([status, body.code, body.retry], [409, "NAME_TAKEN", false], name);
      assertMatch(String(body.error), /^Cannot use the name /);
    }
    // A token that is nobody's is no reason to refuse a free name.
    assertEquals((await signIn(web.port, "bob", { token: "a.b.c" })).principal.name, "bob");
  },
);

Deno.test("what is no sign-in is refused with a status, a code and a reason", async () => {
  await using chat = await serveChat();
  await using web = await serveWeb(chat.port);
  const own = { origin: `http://127.0.0.1:${web.port}` };
  const cases: [string, Parameters<typeof ask>[2], number, string][] = [
    [
      "/sign-in",
      { body: { name: "ann" }, headers: { origin: "https://evil.example" } },
      403,
      "FORBIDDEN_ORIGIN",
    ],
    ["/sign-in", { body: { name: "ann" }, headers: { origin: "null" } }, 403, "FORBIDDEN_ORIGIN"],
    ["/sign-out", { headers: { origin: "https://evil.example" } }, 403, "FORBIDDEN_ORIGIN"],
    [
      "/sign-in",
      { body: { name: "ann" }, headers: { "content-type": "text/plain" } },
      415,
      "INVALID_ARGUMENT",
    ],
    ["/sign-in", {}, 415, "INVALID_ARGUMENT"],
    ["/sign-in", { body: "x".repeat(2_000) }, 413, "INVALID_ARGUMENT"],
    ["/sign-in", { body: "{" }, 400, "INVALID_ARGUMENT"],
    ["/sign-in", { body: "" }, 400, "INVALID_ARGUMENT"],
    ["/sign-in", { body: "null" }, 400, "INVALID_ARGUMENT"],
    ["/sign-in", { body: {} }, 400, "INVALID_ARGUMENT"],
    ["/sign-in", { body: { name: 5 } }, 400, "INVALID_ARGUMENT"],
    ["/sign-in", { body: { name: "" }, headers: own }, 400, "INVALID_ARGUMENT"],
    ["/sign-in", { body: `{"name":"\\ud800"}` }, 400, "INVALID_ARGUMENT"],
    ["/sign-in", { body: { name: "x".repeat(limits.nameBytes + 1) } }, 400, "INVALID_ARGUMENT"],
    ["/sign-in", { body: { name: "a\u202Eb" } }, 400, "INVALID_ARGUMENT"],
    ["/me", { method: "GET" }, 401, "UNAUTHENTICATED"],
    ["/me", { method: "GET", headers: { cookie: "switchboard_token=%E0%A4%A" } }, 401, "UNAUTHENTICATED"],
  ];
  for (const [path, request, status, code] of cases) {
    const answer = await ask(web.port, path, request);
    assertEquals([answer.status, answer.body.code], [status, code], `${path} ${JSON.stringify(request)}`);
    assertMatch(String(answer.body.error), /^Cannot /);
    assertEquals(answer.headers.get("set-cookie"), null);
  }
  assertEquals((await ask(web.port, "/sign-in", { method: "GET" })).status, 405);
  assertEquals((await signIn(web.port, "ann")).principal.name, "ann", "none of them has taken the name");
});

onLogs(
  "P6 closed: signing out clears the cookie, ends what is open by the token, here and elsewhere, and frees the name",
  async (log) => {
    await using chat = await serveChat(log);
    await using web = await serveWeb(chat.port);
    await using elsewhere = await serveWeb(chat.port);
    await using ann = await FrameSocket.join(web.port, "ann");
    await using away = await FrameSocket.connect(elsewhere.port, { token: ann.token });
    assert((await away.ask({ open: {} })).opened);
    await using other = await FrameSocket.join(web.port, "other");
    const out = await ask(web.port, "/sign-out", { headers: { cookie: `switchboard_token=${ann.token}` } });
    assertEquals([out.status, out.body], [200, {}]);
    assertMatch(out.headers.get("set-cookie") ?? "", /^switchboard_token=; Max-Age=0;/);
    const began = performance.now();
    assertEquals((await ann.raw.closed).code, errors.UNAUTHENTICATED.close);
    assertEquals((await away.raw.closed).code, errors.UNAUTHENTICATED.close);
    assert(performance.now() - began < 2_000);
    await eventually(() => signIn(web.port, "Ann").then(() => true, () => false), {
      what: "the name to be free",
    });
    assert((await other.ask({ send: { text: "still here" } })).sent);
    for (const cookie of ["", "switchboard_token=nonsense"]) {
      assertEquals(
        (await ask(web.port, "/sign-out", { headers: { cookie } })).status,
        200,
        "there is nothing to let go of",
      );
    }
  },
);

Deno.test("P6 closed: without a good token nobody gets onto /ws; the tutorial's door asks for none", async () => {
  await using chat = await serveChat();
  await using web = await serveWeb(chat.port);
  const { token } = await signIn(web.port, "ann");
  const [head, claims, signature = ""] = token.split(".");
  const forged = btoa(JSON.stringify({ alg: "none" })).replaceAll("=", "");
  const stranger = await generateKeyPair("EdDSA");
  const foreign = await new SignJWT({ name: "ann" }).setProtectedHeader({ alg: "EdDSA" }).setSubject(
    "guest:0",
  )
    .setIssuer("switchboard").setExpirationTime("1h").sign(stranger.privateKey);
  const bad = [
    "",
    "x",
    `${head}.${claims}.`,
    `${forged}.${claims}.`,
    `${head}.${claims}.${"A".repeat(signature.length)}`,
    foreign,
  ];
  for (const one of bad) {
    for (const headers of [{ Cookie: `switchboard_token=${one}` }, { Authorization: `Bearer ${one}` }]) {
      const answer = await upgradeStatus(web.port, headers as Record<string, string>);
      assertMatch(answer, /^HTTP\/1\.1 401 /, one);
      assertMatch(answer, /"code":"UNAUTHENTICATED"/);
    }
  }
  assertMatch(await upgradeStatus(web.port), /^HTTP\/1\.1 401 /);
  assertMatch(await upgradeStatus(web.port, { Authorization: `Bearer ${token}` }), /^HTTP\/1\.1 101 /);
  assertMatch(
    await upgradeStatus(web.port, { Cookie: `a=b; switchboard_token=${token}` }),
    /^HTTP\/1\.1 101 /,
  );
  assertMatch(await upgradeStatus(web.port, {}, "/ws/tom"), /^HTTP\/1\.1 101 /);
});

Deno.test("P6 closed: a token is good until it expires, as this gateway's clock has it", async () => {
  const { publicKey, privateKey } = await generateKeyPair("EdDSA", { extractable: true });
  const sign = (expires: number, issuer = "switchboard") =>
    new SignJWT({ name: "ann" }).setProtectedHeader({ alg: "EdDSA", kid: "1" }).setSubject("guest:1")
      .setIssuer(issuer).setExpirationTime(Math.floor(Date.now() / 1_000) + expires).sign(privateKey);
  const tokens = new Tokens();
  const code = (token: string) =>
    tokens.verify(token).then(() => "good", (error) => error instanceof ChatError ? error.code : "other");
  assertEquals(await code(await sign(60)), "UNAVAILABLE", "no key is known yet");
  assertEquals(await code(""), "UNAUTHENTICATED");
  tokens.learn(JSON.stringify({ keys: [{ ...await exportJWK(publicKey), kid: "1", alg: "EdDSA" }] }));
  assertEquals(await code(await sign(60)), "good");
  assertEquals((await tokens.verify(await sign(60))).id, "guest:1");
  assertEquals(await code(await sign(-60)), "UNAUTHENTICATED");
  assertEquals(await code(await sign(60, "somebody else")), "UNAUTHENTICATED");
  await assertRejects(async () => await tokens.learn("no keys"));
  assertEquals(await code(await sign(60)), "good", "what was known stays");
});

Deno.test("P6 closed: a token that was checked once is good no longer than another one", async () => {
  let now = Date.now();
  const tokens = new Tokens(() => now);
  const makeKeys = () => generateKeyPair("EdDSA", { extractable: true });
  const [old, other] = [await makeKeys(), await makeKeys()];
  const learn = async ({ publicKey }: typeof old) => {
    const jwk = { ...await exportJWK(publicKey), kid: "1", alg: "EdDSA" };
    tokens.learn(JSON.stringify({ keys: [jwk] }));
  };
  await learn(old);
  const token = await new SignJWT({ name: "ann" }).setProtectedHeader({ alg: "EdDSA", kid: "1" })
    .setSubject("guest:1").setIssuer("switchboard").setExpirationTime(Math.floor(now / 1_000) + 60)
    .sign(old.privateKey);
  const code = () => tokens.verify(token).then(({ name }) => name, (error) => error.code);
  assertEquals([await code(), await code()], ["ann", "ann"]);
  await learn(other);
  assertEquals(await code(), "UNAUTHENTICATED", "it is not signed with the key that there is now");
  await learn(old);
  assertEquals([await code(), await code()], ["ann", "ann"]);
  now += 67_000;
  assertEquals(await code(), "UNAUTHENTICATED", "it has expired");
});

Deno.test("P7 honest: as long as ChatService was never reached, signing in and /ws say to come back", async () => {
  await using web = await serveWeb(1);
  const signing = ask(web.port, "/sign-in", { body: { name: "ann" } });
  const opening = upgradeStatus(web.port, { Authorization: "Bearer a.b.c" });
  const answer = await signing;
  assertEquals([answer.status, answer.body.code, answer.headers.get("retry-after")], [
    503,
    "UNAVAILABLE",
    "2",
  ]);
  const upgrade = await opening;
  assertMatch(upgrade, /^HTTP\/1\.1 503 /);
  assertMatch(upgrade, /retry-after: 2/i);
});

Deno.test("P5 bounded: a socket on which nobody is opened is closed", async () => {
  await using chat = await serveChat();
  await using web = await serveWeb(chat.port);
  await using silent = await FrameSocket.connect(web.port);
  await using refused = await FrameSocket.connect(web.port);
  await refused.ask({ open: { token: "of nobody" } });
  await using ann = await FrameSocket.join(web.port, "ann");
  await using left = await FrameSocket.join(web.port, "left");
  await left.ask({ close: {} });
  const began = Date.now();
  for (const { raw } of [silent, refused, left]) {
    assertEquals((await raw.closed).code, errors.SILENT.close);
  }
  assert(Math.abs(Date.now() - began - limits.openingMs) < 2_000, `${Date.now() - began} ms`);
  assert((await ann.ask({ send: { text: "I am here" } })).sent);
});
