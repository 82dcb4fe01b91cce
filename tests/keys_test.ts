/** The keys behind the tokens, and the file that they are kept in. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { type Keys, makeTokens } from "../chat/tokens.ts";
import { newKeys, openKeys } from "../log/keys.ts";
import type { ChatError } from "../protos/errors.ts";
import { tempFolder } from "./harness.ts";

const ann = { id: "guest:1", name: "Ann", key: "ann" };
const tokensOf = (keys: Keys) => makeTokens(keys, { now: Date.now });

Deno.test("P6 closed: the keys are kept in a file for this user alone, and what they signed stays good", async () => {
  await using folder = await tempFolder();
  const file = folder.file("deeper/keys.json");
  const keys = await openKeys(file);
  assertEquals(((await Deno.stat(file)).mode ?? 0) & 0o777, 0o600);
  const { token } = await (await tokensOf(keys)).sign(ann);
  const again = await openKeys(file);
  assertEquals(again, keys);
  assertEquals((await (await tokensOf(again)).read(token)).principal, ann);
  const [fresh] = await newKeys();
  const rotated = await tokensOf([fresh, ...keys]);
  assertEquals((await rotated.read(token)).principal, ann, "an older key still verifies");
});

Deno.test("two processes that make the keys at once get the same", async () => {
  await using folder = await tempFolder();
  const file = folder.file("keys.json");
  const all = await Promise.all(Array.from({ length: 5 }, () => openKeys(file)));
  for (const keys of all) assertEquals(keys, all[0]);
  assertEquals((await Array.fromAsync(Deno.readDir(folder.path))).map(({ name }) => name), ["keys.json"]);
});

for (
  const [what, text] of Object.entries({
    empty: "",
    "no JSON": "{",
    "no keys": "{}",
    "not ours": `{"keys":[{"kty":"RSA"}]}`,
    "broken": `{"keys":[{"kty":"OKP","crv":"Ed25519","d":"AA","x":"AA"}]}`,
  })
) {
  Deno.test(`a file of keys that is ${what} is told, and left as it is`, async () => {
    await using folder = await tempFolder();
    const file = folder.file("keys.json");
    await Deno.writeTextFile(file, text);
    const thrown = await assertRejects(() => openKeys(file)) as ChatError;
    assertEquals(thrown.code, "FAILED_PRECONDITION");
    assertMatch(
      thrown.message,
      /^Cannot use the keys in "[^"]+": it is not a set of keys, restore it or delete it\.$/,
    );
    assertEquals(await Deno.readTextFile(file), text);
  });
}
