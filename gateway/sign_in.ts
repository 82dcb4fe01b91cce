/** Signing in and out, for browsers and for programs: the token goes into a cookie that no script can read. */
import type { Context, Hono } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import * as v from "valibot";
import { ChatError, type ErrorCode, toChatError } from "../protos/errors.ts";
import { limits } from "../protos/limits.ts";
import type { Journal } from "../runtime/journal.ts";
import { Addresses } from "./addresses.ts";
import type { Bridge } from "./bridge.ts";
import { parseAs, parseJson } from "./frames.ts";
import { isAllowedOrigin, type OriginRules } from "./origin.ts";
import type { Guest } from "./tokens.ts";

/** What the routes work on. */
export interface SignInOptions {
  readonly bridge: Bridge;
  readonly journal: Journal;
  readonly origin: OriginRules;
}

/** The cookie that holds a browser's token. */
const cookieName = "switchboard_token";

const asked = v.object({ name: v.string() });

/** Adds `POST /sign-in`, `POST /sign-out` and `GET /me`. */
export function addSignIn(app: Hono, { bridge, journal, origin }: SignInOptions): void {
  const addresses = new Addresses();
  const answer = (act: (c: Context) => Promise<Response>) => async (c: Context) => {
    // It tells who this browser is, and is for nobody else.
    c.header("Cache-Control", "no-store");
    try {
      checkOrigin(c, origin);
      return await act(c);
    } catch (error) {
      const known = toChatError(error);
      if (known.code === "INTERNAL") journal.warn(`Cannot answer ${c.req.path}: a fault of ours.`, error);
      return refuse(c, known);
    }
  };

  app.post(
    "/sign-in",
    answer(async (c) => {
      addresses.check(addressOf(c));
      const { name } = parseAs(asked, parseJson(await readBody(c)), "message");
      const { token, principal, expires } = await bridge.signIn(name, await earlierToken(c, bridge));
      setCookie(c, cookieName, token, {
        ...cookieOptions(c),
        maxAge: Math.max(0, Math.floor((Date.parse(expires) - Date.now()) / 1_000)),
      });
      // A page has its cookie, and no script of it needs more.
      return c.json({ principal, expires, ...(c.req.header("origin") === undefined && { token }) });
    }),
  );

  app.post(
    "/sign-out",
    answer(async (c) => {
      const token = tokenOf(c);
      // First, so that this browser is signed out whatever happens to the rest.
      deleteCookie(c, cookieName, cookieOptions(c));
      if (token === "") return c.json({});
      addresses.check(addressOf(c));
      // A token that is no longer good has no name to let go of.
      await bridge.signOut(token).catch(unlessUnauthenticated);
      return c.json({});
    }),
  );

  app.get(
    "/me",
    answer(async (c) => {
      const { id, name } = await bridge.verify(tokenOf(c));
      return c.json({ principal: { id, name } });
    }),
  );
}

/** Who a request comes from. Throws UNAUTHENTICATED, or UNAVAILABLE while no key is known. */
export function guestOf(c: Context, bridge: Bridge): Promise<Guest> {
  return bridge.verify(tokenOf(c));
}

/** The other end of the connection: a client, or the nearest proxy. */
function addressOf(c: Context): string | undefined {
  const { remoteAddr }: Partial<Deno.ServeHandlerInfo> = c.env ?? {};
  return remoteAddr && "hostname" in remoteAddr ? remoteAddr.hostname : undefined;
}

/** A refusal as HTTP has it. */
export function refuse(c: Context, error: ChatError): Response {
  const { code, message, retry } = error;
  const seconds = retryAfter[code];
  return c.json(
    { error: message, code, retry },
    error instanceof UnfitBody ? error.status : statuses[code] ?? 400,
    seconds === undefined ? {} : { "Retry-After": String(seconds) },
  );
}

/** Throws FORBIDDEN_ORIGIN if a page of that origin may not ask. */
export function checkOrigin(c: Context, rules: OriginRules): void {
  const from = c.req.header("origin");
  if (isAllowedOrigin(from, c.req.header("host") ?? "", rules)) return;
  throw new ChatError(
    "FORBIDDEN_ORIGIN",
    `Cannot connect from ${JSON.stringify(from)}: that origin may not, add it to ORIGINS.`,
  );
}

/** A body that is no message for us; HTTP has a word for why. */
class UnfitBody extends ChatError {
  constructor(readonly status: 400 | 408 | 413 | 415, why: string) {
    super("INVALID_ARGUMENT", `Cannot read the message: ${why}.`);
  }
}

/** Codes that have a status of their own; the others are 400. */
const statuses: Partial<Record<ErrorCode, 400 | 401 | 403 | 404 | 409 | 429 | 500 | 503>> = {
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  FORBIDDEN_ORIGIN: 403,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  NAME_TAKEN: 409,
  RESOURCE_EXHAUSTED: 429,
  FLOOD: 429,
  UNAVAILABLE: 503,
  SHUTTING_DOWN: 503,
  STORAGE_FULL: 503,
  DATA_LOSS: 500,
  INTERNAL: 500,
};

/** When to come back, in seconds. */
const retryAfter: Partial<Record<ErrorCode, number>> = {
  RESOURCE_EXHAUSTED: 10,
  FLOOD: limits.floodDelayMs / 1_000,
  UNAVAILABLE: 2,
  SHUTTING_DOWN: 2,
  STORAGE_FULL: 10,
};

/** A program sends its token itself; a browser's cookie goes by itself. */
function tokenOf(c: Context): string {
  const bearer = /^Bearer ([\w.-]+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
  return bearer ?? getCookie(c, cookieName) ?? "";
}

/** The token from before, if it is still good: with the same name it goes on as the same person. */
async function earlierToken(c: Context, bridge: Bridge): Promise<string> {
  const token = tokenOf(c);
  return await bridge.verify(token).then(() => token, () => "");
}

function cookieOptions(c: Context) {
  // The proxy that ends TLS speaks plain HTTP with us: only the page knows how it was loaded.
  const secure = c.req.header("origin")?.startsWith("https:") ?? false;
  return { path: "/", httpOnly: true, sameSite: "Lax", secure } as const;
}

function unlessUnauthenticated(error: unknown): void {
  if (toChatError(error).code !== "UNAUTHENTICATED") throw error;
}

/** The body as text. Throws INVALID_ARGUMENT for one that is too long, too slow, or no JSON by its own word. */
async function readBody(c: Context): Promise<string> {
  if (!/^application\/json\s*(;|$)/i.test(c.req.header("content-type") ?? "")) {
    throw new UnfitBody(415, "it is not JSON, say application/json");
  }
  const reader = c.req.raw.body?.getReader();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    reader?.cancel();
  }, limits.openingMs);
  const decoder = new TextDecoder();
  let [text, size] = ["", 0];
  try {
    for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
      size += read.value.length;
      if (size > limits.signInBodyBytes) {
        reader?.cancel();
        throw new UnfitBody(413, `it has more than ${limits.signInBodyBytes} bytes, send less`);
      }
      text += decoder.decode(read.value, { stream: true });
    }
  } catch (error) {
    throw error instanceof UnfitBody ? error : new UnfitBody(400, "it broke off, send it again");
  } finally {
    clearTimeout(timer);
  }
  if (late) throw new UnfitBody(408, `it did not come within ${limits.openingMs / 1_000} s, try again`);
  return text + decoder.decode();
}
