/** The gateway's HTTP: the page, its assets, the two WebSocket doors, health. Testable by `app.request()`. */
import { type Context, Hono } from "hono";
import { getCookie } from "hono/cookie";
import { renderToString } from "preact-render-to-string";
import { limits } from "../protos/limits.ts";
import type { Journal } from "../runtime/journal.ts";
import type { Assets } from "./assets.ts";
import type { Bridge } from "./bridge.ts";
import { serveBrowser } from "./browser_socket.ts";
import { isAllowedOrigin, type OriginRules } from "./origin.ts";
import { Page } from "./page.tsx";
import { Socket } from "./socket.ts";
import { serveTutorial } from "./tutorial_socket.ts";

/** What the app works on. */
export interface AppOptions {
  readonly assets: Assets;
  readonly bridge: Bridge;
  readonly journal: Journal;
  readonly origin: OriginRules;
  /** All open sockets; the app adds and removes. */
  readonly sockets: Set<Socket>;
  /** How many sockets may be open. */
  readonly socketsMost: number;
  /** Aborts when no new sockets are taken any more. */
  readonly draining: AbortSignal;
}

/** The last name of this browser, so that a reload needs no question. */
const nameCookie = "switchboard_name";

/** Makes the app. */
export function makeApp(options: AppOptions): Hono {
  const { assets, bridge, journal } = options;
  const app = new Hono();

  app.use(async (c, next) => {
    await next();
    // An upgrade's answer is not ours to change.
    if (c.res.status === 101) return;
    for (const [name, value] of Object.entries(securityHeaders)) c.res.headers.set(name, value);
  });

  app.get("/", (c) => {
    const nonce = crypto.randomUUID();
    const name = (getCookie(c, nameCookie) ?? "").slice(0, limits.nameBytes);
    const page = renderToString(
      <Page nonce={nonce} script={assets.script.path} style={assets.style.path} name={name} />,
    );
    c.header("Content-Security-Policy", contentSecurityPolicy(nonce));
    c.header("Cache-Control", "no-store");
    return c.html(`<!doctype html>${page}`);
  });

  for (const asset of [assets.script, assets.style]) {
    app.get(asset.path, (c) =>
      c.body(asset.bytes, 200, {
        "Content-Type": asset.type,
        "Cache-Control": "public, max-age=31536000, immutable",
      }));
  }

  app.get("/healthz", (c) => c.json({ alive: true }));
  app.get(
    "/readyz",
    (c) =>
      bridge.ready ? c.json({ ready: true }) : c.json({
        ready: false,
        error: "Cannot serve: ChatService is not reached yet, or still catching up.",
      }, 503),
  );

  // Frames have heartbeats of their own, and a stall of this process must not drop every socket; the
  // tutorial's clients have only WebSocket's pings.
  app.get(
    "/ws",
    (c) => upgrade(c, { ...options, idleTimeout: 0, serve: (socket) => serveBrowser(socket, bridge) }),
  );
  app.get("/ws/:username", (c) => {
    const username = c.req.param("username");
    return upgrade(c, {
      ...options,
      idleTimeout: 120,
      serve: (socket) => serveTutorial(socket, bridge, username),
    });
  });

  const paths = app.routes.filter(({ method }) => method === "GET").map(({ path }) => path);
  for (const path of paths) {
    app.all(
      path,
      (c) =>
        c.json({ error: `Cannot ${c.req.method} ${c.req.path}: only GET works here.` }, 405, {
          Allow: "GET, HEAD",
        }),
    );
  }
  app.notFound((c) => c.json({ error: `Cannot find ${c.req.path}: there is nothing here, go to /.` }, 404));
  app.onError((error, c) => {
    journal.warn(`Cannot answer ${c.req.method} ${c.req.path}: a fault of ours.`, error);
    return c.json({ error: "Cannot answer: the server ran into a fault of its own, try again." }, 500);
  });
  return app;
}

/** `idleTimeout` is in seconds; a peer that answers no ping for so long is gone. */
function upgrade(
  c: Context,
  { idleTimeout, serve, ...options }: AppOptions & { idleTimeout: number; serve: (socket: Socket) => void },
): Response {
  const { journal, sockets, socketsMost, draining, origin } = options;
  if (c.req.header("upgrade")?.toLowerCase() !== "websocket") {
    return c.json({ error: `Cannot open ${c.req.path}: it is a WebSocket, connect with ws://.` }, 426, {
      Upgrade: "websocket",
    });
  }
  if (!isHandshake(c)) {
    const error = `Cannot open ${c.req.path}: the WebSocket handshake is incomplete or of another version.`;
    return c.json({ error }, 400, { "Sec-WebSocket-Version": "13" });
  }
  const from = c.req.header("origin");
  if (!isAllowedOrigin(from, c.req.header("host") ?? "", origin)) {
    return c.json({
      error: `Cannot connect from ${JSON.stringify(from)}: that origin may not, add it to ORIGINS.`,
    }, 403);
  }
  if (draining.aborted) {
    return c.json({ error: "Cannot connect: the server is stopping, try again." }, 503, {
      "Retry-After": "2",
    });
  }
  if (sockets.size >= socketsMost) {
    return c.json({ error: "Cannot connect: the server is full, try again later." }, 503, {
      "Retry-After": "10",
    });
  }
  const { response, socket: ws } = Deno.upgradeWebSocket(c.req.raw, { idleTimeout });
  const socket = new Socket(ws, { journal });
  sockets.add(socket);
  // Not before it is closed: one that is going still holds its file.
  socket.closed.then(() => sockets.delete(socket));
  serve(socket);
  return response;
}

/** A whole opening handshake: RFC 6455, 4.2.1. Deno's upgrade looks at less. */
function isHandshake(c: Context): boolean {
  return c.req.raw.method === "GET" && c.req.header("sec-websocket-version") === "13" &&
    /\bupgrade\b/i.test(c.req.header("connection") ?? "") &&
    /^[A-Za-z0-9+/]{22}==$/.test(c.req.header("sec-websocket-key") ?? "");
}

const securityHeaders = {
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
};

function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'self'`,
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}
