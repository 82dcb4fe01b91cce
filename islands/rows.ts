import { dayName, dayOf } from "./clock.ts";
import type { Conversation } from "./conversation.ts";
import type { Fate } from "./outbox.ts";

/** Someone said something. */
export interface Said {
  is: "said";
  key: string;
  sender: string;
  text: string;
  at: number;
  mine: boolean;
  /** Begins a group: shows who and when. */
  first: boolean;
  clientId: string;
  /** What is known of a message that was not yet seen in the room. */
  fate: Fate | null;
}

/** One row of the log, as it is shown. */
export type Row = Said | { is: "day"; key: string; name: string };

/** After a pause this long the same sender is named again. */
const pauseMs = 5 * 60_000;
/** The shortest day has 23 hours. To ask the calendar for each of 2,000 messages costs milliseconds. */
const surelyOneDayMs = 23 * 60 * 60_000;

/** What to show, from top to bottom: days, the messages, and what is still on its way. */
export function rows({ messages, outbox, me }: Conversation, today: number): Row[] {
  const shown: Row[] = [];
  let last: Said | undefined;
  let day = NaN;
  const add = (said: Omit<Said, "is" | "first">) => {
    const sameDay = (said.at >= day && said.at - day < surelyOneDayMs) || dayOf(said.at) === day;
    if (!sameDay) {
      day = dayOf(said.at);
      shown.push({ is: "day", key: `day ${said.key}`, name: dayName(day, today) });
    }
    const first = !sameDay || last?.sender !== said.sender || said.at - last.at > pauseMs;
    last = { is: "said", first, ...said };
    shown.push(last);
  };
  for (const { seq, sender, text, at, clientId } of messages) {
    const mine = sender === me;
    add({ key: mine && clientId ? clientId : `${seq}`, sender, text, at, mine, clientId, fate: null });
  }
  for (const { clientId, text, at, fate } of outbox.items) {
    // This machine's clock may be slow; what is said last is shown last.
    const shownAt = Math.max(at, last?.at ?? 0);
    add({ key: clientId, sender: me, text, at: shownAt, mine: true, clientId, fate });
  }
  return shown;
}
