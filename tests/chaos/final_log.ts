/** The room's log at the end of a run, read through the contract. */
import { type Client, connect } from "../../sdk/mod.ts";
import { limits } from "../../protos/limits.ts";
import type { RoomLog, Stored } from "./history.ts";

/** Reads a whole room from ChatService. Only messages are expected in it. */
export async function readLog(address: string, room = "lobby"): Promise<RoomLog> {
  await using chat = await connect(address, { name: `judge ${crypto.randomUUID().slice(0, 8)}` });
  const { epoch, head } = await chat.describeRoom({ room });
  const events: Stored[] = [];
  while (events.length < head) {
    const page = await nextPage(chat, room, events.length);
    if (page.length === 0) break;
    events.push(...page);
  }
  return { epoch, events };
}

async function nextPage(chat: Client, room: string, after: number): Promise<Stored[]> {
  const { events } = await chat.read({ room, after, count: limits.batchEvents });
  return events.map(({ seq, sender, clientId, message }) => ({
    seq,
    sender,
    clientId,
    text: message?.text ?? "",
  }));
}
