/** The gateway's HTTP: the page, its assets, signing in, the two WebSocket doors, health. Testable by `app.request()`. */
import { type Context, Hono } from "hono";
import { renderToString } from "preact-render-to-string";
import { ChatError } from "../protos/errors.ts";
import { byteLength, lobby } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";
import { shuttingDown } from "../protos/partings.ts";
import type { Journal } from "../runtime/journal.ts";
import type { Assets } from "./assets.ts";
import type { Bridge } from "./bridge.ts";
import { serveBrowser } from "./browser_socket.ts";
import type { OriginRules } from "./origin.ts";
import { Page } from "./page.tsx";
import { nobody, Places } from "./places.ts";
import { SentAway } from "./sent_away.ts";
import { addSignIn, checkOrigin, guestOf, refuse } from "./sign_in.ts";
import { Socket } from "./socket.ts";
import type { Guest } from "./tokens.ts";
import { noTraffic, type Traffic } from "./traffic.ts";
import { serveTutorial } from "./tutorial_socket.ts";

/** What the app works on. */
export interface AppOptions {
  readonly assets: Assets;
  readonly bridge: Bridge;
  readonly journal: Journal;
  readonly origin: OriginRules;
  /** All open sockets; the app adds and removes. */
  readonly sockets: Set<Socket>;
  /** What they carry; the app counts. */
  readonly traffic?: Traffic;
  /** How many sockets may be open. */
  readonly socketsMost: number;
  /** Aborts when no new sockets are taken any more. */
  readonly draining: AbortSignal;
}

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

  const servePage = async (c: Context, room: string) => {
    const nonce = crypto.randomUUID();
    const guest = await guestOf(c, bridge).catch(() => undefined);
    // The page's script comes with it: far from ChatService it need not wait for it then.
    if (guest) bridge.expect(guest);
    const page = renderToString(
      <Page
        nonce={nonce}
        script={assets.script.path}
        style={assets.style.path}
        name={guest?.name ?? ""}
        room={room}
      />,
    );
    c.header("Content-Security-Policy", contentSecurityPolicy(nonce));
    c.header("Cache-Control", "no-store");
    return c.html(`<!doctype html>${page}`);
  };
  app.get("/", (c) => servePage(c, lobby));
  app.get("/rooms/:room", (c) => {
    const room = c.req.param("room");
    return byteLength(room) <= limits.roomBytes ? servePage(c, room) : c.notFound();
  });
  addSignIn(app, options);

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

  const away = new SentAway();
  const upgrading = {
    traffic: noTraffic(),
    ...options,
    places: new Places(options.sockets, { most: options.socketsMost }),
  };
  // Functions of their own: a request and all that Hono made of it would live as long as the socket otherwise.
  const browser = ({ id, token }: Guest): Served => {
    away.check(id);
    // Frames have heartbeats of their own, and a stall of this process must not drop every socket.
    const idleTimeout = 0;
    const serve = (socket: Socket) => serveBrowser(socket, bridge, { token, flooded: () => away.add(id) });
    return { guest: id, idleTimeout, serve };
  };
  const learner = (username: string): Served => {
    const serve = (socket: Socket) => serveTutorial(socket, bridge, username);
    // The tutorial's clients have only WebSocket's pings.
    return { guest: nobody, idleTimeout: 120, serve };
  };
  app.get("/ws", (c) => upgrade(c, upgrading, async () => browser(await guestOf(c, bridge))));
  app.get("/ws/:username", (c) => upgrade(c, upgrading, () => learner(c.req.param("username"))));

  for (const [path, methods] of methodsByPath(app)) {
    app.all(
      path,
      (c) =>
        c.json(
          { error: `Cannot ${c.req.method} ${c.req.path}: only ${methods.join(" and ")} works here.` },
          405,
          {
            Allow: methods.flatMap((method) => method === "GET" ? ["GET", "HEAD"] : [method]).join(", "),
          },
        ),
    );
  }
  app.notFound((c) => c.json({ error: `Cannot find ${c.req.path}: there is nothing here, go to /.` }, 404));
  app.onError((error, c) => {
    journal.warn(`Cannot answer ${c.req.method} ${c.req.path}: a fault of ours.`, error);
    return c.json({ error: "Cannot answer: the server ran into a fault of its own, try again." }, 500);
  });
  return app;
}

/** How a socket is to be served. `idleTimeout` is in seconds; a peer that answers no ping for so long is gone. */
interface Served {
  /** Who takes the place. */
  readonly guest: string;
  readonly idleTimeout: number;
  readonly serve: (socket: Socket) => void;
}

/** What an upgrade works on. */
interface Upgrading extends Pick<AppOptions, "journal" | "draining" | "origin"> {
  readonly traffic: Traffic;
  readonly places: Places<Socket>;
}

/** Opens a socket for somebody who may; `admit` throws if they may not. All that is known before the 101. */
async function upgrade(
  c: Context,
  { journal, traffic, places, draining, origin }: Upgrading,
  admit: () => Served | Promise<Served>,
): Promise<Response> {
  if (c.req.header("upgrade")?.toLowerCase() !== "websocket") {
    return c.json({ error: `Cannot open ${c.req.path}: it is a WebSocket, connect with ws://.` }, 426, {
      Upgrade: "websocket",
    });
  }
  if (!isHandshake(c)) {
    const error = `Cannot open ${c.req.path}: the WebSocket handshake is incomplete or of another version.`;
    return c.json({ error }, 400, { "Sec-WebSocket-Version": "13" });
  }
  try {
    checkOrigin(c, origin);
    const { guest, idleTimeout, serve } = await admit();
    if (draining.aborted) throw shuttingDown();
    places.check(guest);
    const { response, socket: ws } = Deno.upgradeWebSocket(c.req.raw, { idleTimeout });
    const socket = new Socket(ws, { journal, traffic });
    places.take(socket, guest);
    serve(socket);
    return response;
  } catch (error) {
    if (error instanceof ChatError) return refuse(c, error);
    throw error;
  }
}

/** Which methods each path has. */
function methodsByPath(app: Hono): Map<string, string[]> {
  const methods = new Map<string, string[]>();
  for (const { path, method } of app.routes) {
    if (method !== "ALL") methods.set(path, [...methods.get(path) ?? [], method]);
  }
  return methods;
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
