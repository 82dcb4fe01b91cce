/** The gateway's HTTP, most of it without a port. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { makeApp } from "../gateway/app.tsx";
import { loadAssets } from "../gateway/assets.ts";
import { Bridge } from "../gateway/bridge.ts";
import { limits } from "../protos/limits.ts";
import { silent } from "../runtime/journal.ts";
import { signIn } from "./doors.ts";
import { bundle, eventually, serveChat, serveWeb } from "./harness.ts";

/** An app whose ChatService is not there. */
async function lonelyApp() {
  await bundle();
  const bridge = new Bridge("127.0.0.1:1", { journal: silent });
  const app = makeApp({
    assets: await loadAssets(),
    bridge,
    journal: silent,
    sockets: new Set(),
    socketsMost: 10,
    origin: { host: "127.0.0.1", origins: [] },
    draining: new AbortController().signal,
  });
  const dispose = async () => {
    await bridge.close();
    // grpc-js leaves its backoff timer of a failed connection running, for a millisecond here.
    await new Promise((resolve) => setTimeout(resolve, 20));
  };
  return { app, [Symbol.asyncDispose]: dispose };
}

Deno.test("HTTP: the page is rendered under a strict policy, its assets are kept for good", async () => {
  await using lonely = await lonelyApp();
  const page = await lonely.app.request("/");
  const html = await page.text();
  const policy = page.headers.get("content-security-policy") ?? "";
  const nonce = /script-src 'nonce-([^']+)'/.exec(policy)?.[1];
  assertEquals(page.status, 200);
  assertStringIncludes(policy, "default-src 'none'");
  assert(!policy.includes("unsafe"), policy);
  for (const [tag] of html.matchAll(/<script[^>]*>/g)) assertStringIncludes(tag, `nonce="${nonce}"`);
  assert(!/<[^>]+\s(style|on\w+)=/.test(html), "no inline style or handler");
  assertStringIncludes(html, "<form");
  assertEquals(page.headers.get("x-content-type-options"), "nosniff");
  const [script = "", style = ""] = [...html.matchAll(/\/assets\/[a-z]+-[0-9a-f]{12}\.(?:js|css)/g)].map(
    String,
  ).sort((a, b) => b.length - a.length);
  for (const path of [script, style]) {
    const asset = await lonely.app.request(path);
    assertEquals(asset.status, 200, path);
    assertEquals(asset.headers.get("cache-control"), "public, max-age=31536000, immutable");
    await asset.body?.cancel();
  }
  const again = await lonely.app.request("/");
  assert(!(await again.text()).includes(String(nonce)), "a nonce is used once");
});

Deno.test("HTTP: the page names who is signed in, and what comes from outside is only ever text in it", async () => {
  await using chat = await serveChat();
  await using web = await serveWeb(chat.port);
  const name = `"><script>alert(1)</script>`;
  const { token } = await signIn(web.port, name);
  const load = async (path: string, cookie: string) => {
    const page = await fetch(`${web.url}${path}`, { headers: { cookie } });
    return { status: page.status, html: await page.text() };
  };
  const own = await load("/", `switchboard_token=${token}`);
  assertStringIncludes(own.html, "&quot;>&lt;script>alert");
  const room = await load(`/rooms/${encodeURIComponent(`"><script>alert(2)`)}`, `switchboard_token=${token}`);
  assertStringIncludes(room.html, "&lt;script>alert(2)");
  for (const { status, html } of [own, room]) {
    assertEquals([status, html.includes("<script>alert")], [200, false]);
  }
  const strangers = [
    "",
    "switchboard_token=%E0%A4%A",
    `switchboard_token=${token}x`,
    `switchboard_name=mallory`,
  ];
  for (const cookie of strangers) {
    const { status, html } = await load("/rooms/attic", cookie);
    assertEquals([status, html.includes("alert(1)"), html.includes("mallory")], [200, false, false], cookie);
  }
  assertEquals((await load(`/rooms/${"x".repeat(limits.roomBytes + 1)}`, "")).status, 404);
});

Deno.test("HTTP: unknown paths and methods, and doors that are not upgraded, get a status and a reason", async () => {
  await using lonely = await lonelyApp();
  const cases: [string, string, number][] = [
    ["GET", "/nope", 404],
    ["GET", "/assets/chat-000000000000.js", 404],
    ["GET", "/assets/../deno.json", 404],
    ["GET", "/%2e%2e/deno.json", 404],
    ["POST", "/", 405],
    ["DELETE", "/healthz", 405],
    ["PUT", "/nope", 404],
    ["GET", "/ws", 426],
    ["GET", "/ws/ann", 426],
    ["POST", "/ws", 405],
    ["POST", "/rooms/attic", 405],
    ["GET", "/rooms", 404],
    ["GET", "/sign-in", 405],
    ["GET", "/sign-out", 405],
    ["DELETE", "/sign-in", 405],
    ["POST", "/me", 405],
    ["GET", "/me", 401],
  ];
  for (const [method, path, expected] of cases) {
    const response = await lonely.app.request(path, { method });
    assertEquals(response.status, expected, `${method} ${path}`);
    assertMatch((await response.json()).error, /^Cannot /);
  }
  assertEquals((await lonely.app.request("/", { method: "HEAD" })).status, 200);
});

Deno.test("HTTP: healthz tells that the process lives, readyz that ChatService answers", async () => {
  await using lonely = await lonelyApp();
  assertEquals((await lonely.app.request("/healthz")).status, 200);
  assertEquals((await lonely.app.request("/readyz")).status, 503);
  await using chat = await serveChat();
  await using web = await serveWeb(chat.port);
  await eventually(async () => {
    const response = await fetch(`${web.url}/readyz`);
    await response.body?.cancel();
    return response.status === 200;
  });
});
