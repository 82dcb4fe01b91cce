/** The guests that the benchmark's browsers are: signed in once a run, and known to every server with the same keys. */
import { cached, mine, workFolder } from "../cache.ts";
import { startOurs } from "./ours.ts";

/** More than these would have to wait for their turn to sign in. Others are the same guest at another place. */
const guestsMost = 5_000;

/** Fewer are not worth a server of their own. */
const guestsLeast = 100;

let signedIn: { readonly count: number; readonly keys: string } | undefined;

/** The keys that their tokens are signed with; undefined before anybody signed in. */
export function keysOfGuests(): string | undefined {
  return signedIn?.keys;
}

/** Signs in so many at least; gives a file with a token a line. */
export async function guests(count: number): Promise<string> {
  const file = cached(`${mine()}-tokens`);
  const wanted = Math.min(Math.max(count, guestsLeast), guestsMost);
  if (signedIn && signedIn.count >= wanted) return file;
  await using folder = await workFolder();
  await using server = await startOurs({ folder: folder.path, rooms: [] });
  const tokens: string[] = [];
  let next = 0;
  const signIn = async () => {
    while (next < wanted) tokens.push(await signInAt(server.port, `bench ${next++}`));
  };
  await Promise.all(Array.from({ length: 32 }, signIn));
  await Deno.writeTextFile(file, tokens.join("\n") + "\n", { mode: 0o600 });
  signedIn = { count: wanted, keys: await Deno.readTextFile(`${folder.path}/keys.json`) };
  return file;
}

async function signInAt(port: number, name: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/sign-in`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name }),
  });
  const answer: { token?: string; error?: string } = await response.json();
  if (answer.token !== undefined) return answer.token;
  throw new Error(`Cannot sign in "${name}": ${answer.error}`);
}
