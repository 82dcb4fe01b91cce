/** Who speaks: names that one guest has at a time, and the tokens that prove it. */
import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { decodeJwt, decodeProtectedHeader, importJWK, SignJWT } from "jose";
import { Guests } from "../chat/guests.ts";
import { type Keys, makeTokens } from "../chat/tokens.ts";
import { newKeys } from "../log/keys.ts";
import { LocalSignals } from "../log/local_signals.ts";
import { ChatError } from "../protos/errors.ts";
import { limits } from "../protos/limits.ts";
import { FakeClock } from "./fake_clock.ts";

/** Guests with a clock that goes on when told. */
async function guestsAt(noon = Date.parse("2026-01-31T12:00:00Z"), keys?: Keys, settleMs = 0) {
  let time = noon;
  const now = () => time;
  const guests = new Guests(await makeTokens(keys ?? await newKeys(), { now }), {
    now,
    signals: new LocalSignals(),
    settleMs,
  });
  return { guests, pass: (ms: number) => void (time += ms), now };
}

async function codeOf(act: () => unknown): Promise<string> {
  const thrown = await assertRejects(async () => await act());
  assert(thrown instanceof ChatError, String(thrown));
  assertMatch(thrown.message, /^Cannot [^:]+: .+\.$/);
  return thrown.code;
}

const aMoment = 1_000;

Deno.test("a guest signs in and gets an id, a key and a token that says until when it is good", async () => {
  const { guests, now } = await guestsAt();
  const { token, principal, expires } = await guests.signIn(" Zoe\u0308 ", "");
  assertMatch(principal.id, /^guest:[0-9a-f]{16}$/);
  assertEquals([principal.name, principal.key], ["Zo\u00EB", "zoe\u0308"]);
  assertEquals(Date.parse(expires), now() + limits.tokenMs);
  const { sub, name, iss, exp } = decodeJwt(token);
  assertEquals([sub, name, iss, exp], [principal.id, "Zo\u00EB", "switchboard", Date.parse(expires) / 1000]);
  assertEquals(decodeProtectedHeader(token).alg, "EdDSA");
  assertEquals((await guests.open(token)).principal, principal);
});

Deno.test("P6 closed: nobody else signs in, or comes in, under the name of one who is here, whatever its case or look", async () => {
  const { guests } = await guestsAt();
  await guests.signIn("Bob", "");
  for (const name of ["Bob", "bob", " BOB ", "ｂｏｂ", "b0b", "ВОВ", "bоb", "bob\uFE0F"]) {
    assertEquals(await codeOf(() => guests.signIn(name, "")), "NAME_TAKEN", name);
    assertEquals(await codeOf(() => guests.openName(name)), "NAME_TAKEN", name);
  }
  await guests.signIn("Bo", "");
  guests.openName("Robert");
  await guests.signIn("АНН", "");
  for (const name of ["AHH", "ahh", "анн"]) {
    assertEquals(await codeOf(() => guests.signIn(name, "")), "NAME_TAKEN", name);
  }
});

Deno.test("P6 closed: one who came in under a name at its word is sent off it when a guest takes it", async () => {
  const { guests } = await guestsAt();
  const early = guests.openName("ann");
  assert(early.admit());
  const { token } = await guests.signIn("Ann", "");
  assertEquals(await codeOf(() => early.admit()), "NAME_TAKEN");
  await guests.signOut(token);
  assert(early.admit(), "the name is free again");
});

Deno.test("with the token of before a guest stays who they were, also under another case; another name is another guest", async () => {
  const { guests, pass } = await guestsAt();
  const first = await guests.signIn("Ann", "");
  for (const name of ["Ann", "ANN"]) {
    const again = await guests.signIn(name, first.token);
    assertEquals([again.principal.id, again.principal.name], [first.principal.id, name]);
    assertNotEquals(again.token, "");
  }
  const other = await guests.signIn("Bob", first.token);
  assertNotEquals(other.principal.id, first.principal.id);
  pass(limits.guestAwayMs + aMoment);
  const late = await guests.signIn("Ann", first.token);
  assertEquals(late.principal.id, first.principal.id, "nobody took the name meanwhile");
});

Deno.test("a name is free when its guest was away for 2 minutes, not while they are open somewhere", async () => {
  const { guests, pass } = await guestsAt();
  const { token } = await guests.signIn("Ann", "");
  const page = await guests.open(token);
  const phone = await guests.open(token);
  pass(10 * limits.guestAwayMs);
  assertEquals(await codeOf(() => guests.signIn("ann", "")), "NAME_TAKEN");
  page.close();
  pass(10 * limits.guestAwayMs);
  assertEquals(await codeOf(() => guests.signIn("ann", "")), "NAME_TAKEN");
  phone.close();
  pass(limits.guestAwayMs - aMoment);
  assertEquals(await codeOf(() => guests.signIn("ann", "")), "NAME_TAKEN", "a reload is shorter");
  assertEquals(await codeOf(() => guests.openName("ann")), "NAME_TAKEN");
  pass(2 * aMoment);
  guests.openName("ann");
  const next = await guests.signIn("ann", "");
  assertEquals(
    await codeOf(() => guests.open(token)),
    "NAME_TAKEN",
    "the token is good, and the name another's",
  );
  await guests.open(next.token);
});

Deno.test("a name whose token was never used is held for a moment only: its way to the guest may have been cut", async () => {
  const { guests, pass } = await guestsAt();
  await guests.signIn("Ann", "");
  pass(limits.openingMs - aMoment);
  assertEquals(await codeOf(() => guests.signIn("Ann", "")), "NAME_TAKEN");
  pass(2 * aMoment);
  const { token } = await guests.signIn("Ann", "");
  (await guests.open(token)).close();
  pass(limits.openingMs + aMoment);
  assertEquals(
    await codeOf(() => guests.signIn("Ann", "")),
    "NAME_TAKEN",
    "one who was here is waited for longer",
  );
  await guests.signIn("Ann", token);
  pass(limits.guestAwayMs - limits.openingMs - 3 * aMoment);
  assertEquals(
    await codeOf(() => guests.signIn("Ann", "")),
    "NAME_TAKEN",
    "and not less for signing in again",
  );
});

Deno.test("P5 bounded: who was sent away for speed is kept out for a while, on every session, by token and by name", async () => {
  using clock = new FakeClock();
  const { guests } = await guestsAt();
  const { token } = await guests.signIn("Ann", "");
  const ann = await guests.open(token);
  ann.sendAway();
  assertEquals(await codeOf(() => guests.open(token)), "FLOOD");
  const word = guests.openName("Bob");
  word.sendAway();
  assertEquals(await codeOf(() => guests.openName("BOB")), "FLOOD");
  guests.openName("Cid");
  clock.pass(limits.floodDelayMs);
  await guests.open(token);
  guests.openName("Bob");
});

Deno.test("P6 closed: after a restart nobody is given the name of one who is on their way back", async () => {
  const keys = await newKeys();
  const { token } = await (await guestsAt(undefined, keys)).guests.signIn("Ann", "");
  const { guests } = await guestsAt(undefined, keys, 200);
  const thief = codeOf(() => guests.signIn("ann", ""));
  const other = guests.signIn("Bob", "");
  await new Promise((resolve) => setTimeout(resolve, 50));
  const back = await guests.open(token);
  assertEquals(await thief, "NAME_TAKEN");
  assertEquals((await other).principal.name, "Bob");
  back.close();
  guests.close();
});

Deno.test("P6 closed: who signs out is out, wherever they are open, and the name is free at once", async () => {
  const { guests } = await guestsAt();
  const ann = await guests.signIn("Ann", "");
  const told: string[] = [];
  const one = await guests.open(ann.token, { revoked: ({ code }) => told.push(code) });
  const two = await guests.open((await guests.signIn("ANN", ann.token)).token);
  await guests.signOut(ann.token);
  assertEquals(told, ["UNAUTHENTICATED"]);
  for (const { admit } of [one, two]) assertEquals(await codeOf(() => admit()), "UNAUTHENTICATED");
  assertEquals(await codeOf(() => guests.open(ann.token)), "UNAUTHENTICATED");
  const other = await guests.signIn("Ann", ann.token);
  assertNotEquals(other.principal.id, ann.principal.id, "an old token proves nothing");
  one.close();
  two.close();
  await guests.signOut(ann.token);
  const taken = "an old token frees no other's name";
  assertEquals(await codeOf(() => guests.signIn("Ann", "")), "NAME_TAKEN", taken);
  assert((await guests.open(other.token)).admit());
  assertEquals(told.length, 1);
});

Deno.test("P6 closed: a token that is expired, forged, of other keys or no token at all lets nobody in", async () => {
  const keys = await newKeys();
  const { guests, pass } = await guestsAt(undefined, keys);
  const { token } = await guests.signIn("Ann", "");
  const other = await guestsAt();
  const foreign = (await other.guests.signIn("Ann", "")).token;
  const [head = "", body = "", signature = ""] = token.split(".");
  const forgedBody = btoa(JSON.stringify({ ...decodeJwt(token), sub: "guest:0000000000000000" })).replace(
    /=+$/,
    "",
  );
  const none = `${btoa('{"alg":"none"}')}.${body}.`;
  const hours = (issuer: string) =>
    new SignJWT({ name: "Ann" }).setProtectedHeader({ alg: "EdDSA", kid: String(keys[0].kid) }).setIssuer(
      issuer,
    ).setSubject("guest:1");
  const signer = await importJWK(keys[0], "EdDSA");
  const strange = await hours("elsewhere").setExpirationTime("400 days").sign(signer);
  const endless = await hours("switchboard").sign(signer);
  for (
    const bad of ["", "x", "a.b.c", foreign, `${head}.${forgedBody}.${signature}`, none, strange, endless]
  ) {
    assertEquals(await codeOf(() => guests.open(bad)), "UNAUTHENTICATED", bad);
    assertEquals(await codeOf(() => guests.signOut(bad)), "UNAUTHENTICATED", bad);
  }
  assertEquals(await codeOf(() => guests.signIn("Ann", foreign)), "NAME_TAKEN", "it proves nothing here");
  const open = await guests.open(token);
  assert(open.admit());
  pass(limits.tokenMs + aMoment);
  assertEquals(await codeOf(() => open.admit()), "UNAUTHENTICATED", "nor does it go on where it was open");
  open.close();
  pass(limits.guestAwayMs);
  const expired = await assertRejects(() => guests.open(token)) as ChatError;
  assertEquals(expired.code, "UNAUTHENTICATED");
  assertStringIncludes(expired.message, "expired");
  assertNotEquals((await guests.signIn("Ann", token)).principal.id, decodeJwt(token).sub);
});

Deno.test("P5 bounded: sign-ins have a speed, and what a guest does has one that all their sessions share", async () => {
  const { guests } = await guestsAt();
  const { token } = await guests.signIn("Ann", "");
  const [one, two] = [await guests.open(token), await guests.open(token)];
  let admitted = 0;
  while (admitted < 100_000 && one.admit() && two.admit()) admitted += 2;
  assert(admitted >= limits.commandsBurstGrpc && admitted < limits.commandsBurstGrpc + 2_000, `${admitted}`);
  const word = guests.openName("Bob");
  assert(word.admit(), "others have their own");

  let signedIn = 0;
  const signIns = Array.from(
    { length: 2 * limits.signInsBurst },
    (_, i) =>
      guests.signIn(`guest ${i}`, "").then(
        () => signedIn++,
        (error: ChatError) => assertEquals(error.code, "RESOURCE_EXHAUSTED"),
      ),
  );
  await Promise.all(signIns);
  assert(signedIn < limits.signInsBurst + 1_000, `${signedIn} signed in`);
});

Deno.test("the public keys are given as a JSON Web Key Set that has nothing private in it", async () => {
  const { guests } = await guestsAt();
  const { keys } = JSON.parse(guests.publicKeys);
  assertEquals(keys.length, 1);
  assertEquals(Object.keys(keys[0]).sort(), ["alg", "crv", "kid", "kty", "use", "x"]);
});
