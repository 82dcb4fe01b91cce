import type { Principal } from "../protos/events.ts";
import { dayName, dayOf } from "./clock.ts";
import { type Conversation, messageAt, type Notice } from "./conversation.ts";
import type { Message } from "./message.ts";
import { noticeText } from "./notice_text.ts";
import type { Fate, Pending } from "./outbox.ts";

/** Someone said something. */
export interface Said {
  readonly is: "said";
  readonly key: string;
  readonly sender: string;
  readonly at: number;
  readonly mine: boolean;
  /** Begins a group: shows who and when. */
  readonly first: boolean;
  readonly clientId: string;
  /** What is stored; null for what is not seen in the room yet. */
  readonly message: Message | null;
  /** The words of what is not seen in the room yet. */
  readonly text: string;
  /** What is known of what is not seen in the room yet. */
  readonly fate: Fate | null;
  /** This person's acts on it that are not seen in the room yet. */
  readonly acts: readonly Pending[];
  /** The seq of the message that this replies to; 0 for none. */
  readonly replyTo: number;
  /** That message, if it is held. */
  readonly original: Message | undefined;
}

/** One row of the log, as it is shown. */
export type Row =
  | Said
  | { readonly is: "day"; readonly key: string; readonly name: string }
  | { readonly is: "notice"; readonly key: string; readonly text: string; readonly at: number }
  /** What follows was said since this person last looked. */
  | { readonly is: "new"; readonly key: string }
  /** An act that was refused, on a message that is not held. */
  | { readonly is: "stray"; readonly key: string; readonly pending: Pending };

/** What rows are made of. */
export interface View {
  readonly conversation: Conversation;
  /** Of this room. */
  readonly pending: readonly Pending[];
  readonly me: Principal;
  /** The last event that was read before this visit; 0 for none. */
  readonly line: number;
}

/** After a pause this long the same sender is named again. */
const pauseMs = 5 * 60_000;
/** The shortest day has 23 hours. To ask the calendar for each of 2,000 messages costs milliseconds. */
const surelyOneDayMs = 23 * 60 * 60_000;
const none: readonly Pending[] = [];

/** What to show, from top to bottom: days, what was said and done, and what is still on its way. */
export function rows(view: View, today: number): Row[] {
  const { conversation, pending, me } = view;
  const page = new Page(view, today);
  const acts = actsByTarget(pending);
  for (const line of conversation.lines) {
    if (line.is === "notice") {
      page.tell(line);
      continue;
    }
    const { seq, sender, at, clientId, text, replyTo } = line;
    const mine = isBy(line, me);
    if (!mine) page.draw(line);
    // Another one may have chosen the same client_id.
    const key = mine && clientId ? `c ${clientId}` : `${seq}`;
    const said = { key, sender, at, mine, clientId, text, replyTo };
    page.say({ ...said, message: line, fate: null, acts: acts.get(seq) ?? none });
  }
  for (const { clientId, at, act, fate } of pending) {
    if (act.is !== "send") continue;
    const { text, replyTo } = act;
    // This machine's clock may be slow; what is said last is shown last.
    const shownAt = Math.max(at, page.newest);
    const said = { key: `c ${clientId}`, sender: me.name, at: shownAt, mine: true, clientId, text, replyTo };
    page.say({ ...said, message: null, fate, acts: none });
  }
  return [...page.rows, ...strays(view)];
}

/** Rows as they are put below each other. */
class Page {
  readonly rows: Row[] = [];
  /** When the last thing was said; 0 for none. */
  newest = 0;
  readonly #view: View;
  readonly #today: number;
  #last: Said | undefined;
  #day = NaN;
  #drawn: boolean;

  constructor(view: View, today: number) {
    this.#view = view;
    this.#today = today;
    this.#drawn = view.line === 0;
  }

  /** Draws the line above the first message of others that is new. */
  draw({ seq, at }: Message): void {
    if (this.#drawn || seq <= this.#view.line) return;
    this.#drawn = true;
    this.#begin(`${seq}`, at);
    this.#add({ is: "new", key: "new" });
  }

  tell(notice: Notice): void {
    const key = `${notice.seq}`;
    this.#begin(key, notice.at);
    this.#add({ is: "notice", key, text: noticeText(notice), at: notice.at });
  }

  say(said: Omit<Said, "is" | "first" | "original">): void {
    this.#begin(said.key, said.at);
    const last = this.#last;
    const first = !last || last.sender !== said.sender || last.mine !== said.mine ||
      said.at - last.at > pauseMs;
    const original = said.replyTo > 0 ? messageAt(this.#view.conversation, said.replyTo) : undefined;
    this.#last = { is: "said", first, original, ...said };
    this.newest = said.at;
    this.rows.push(this.#last);
  }

  #begin(key: string, at: number): void {
    const sameDay = (at >= this.#day && at - this.#day < surelyOneDayMs) || dayOf(at) === this.#day;
    if (sameDay) return;
    this.#day = dayOf(at);
    this.#add({ is: "day", key: `day ${key}`, name: dayName(this.#day, this.#today) });
  }

  /** Whoever speaks after it is named again. */
  #add(row: Row): void {
    this.#last = undefined;
    this.rows.push(row);
  }
}

/** Whether a message is this person's. */
export function isBy({ author }: Message, me: Principal): boolean {
  return author !== "" && author === me.id;
}

function actsByTarget(pending: readonly Pending[]): ReadonlyMap<number, readonly Pending[]> {
  const acts = new Map<number, Pending[]>();
  for (const item of pending) {
    if (item.act.is === "send") continue;
    const others = acts.get(item.act.target);
    if (others) others.push(item);
    else acts.set(item.act.target, [item]);
  }
  return acts;
}

function strays({ conversation, pending }: View): Row[] {
  return pending.flatMap((item): Row[] => {
    if (item.act.is === "send" || item.fate.is !== "failed") return [];
    return messageAt(conversation, item.act.target)
      ? []
      : [{ is: "stray", key: item.clientId, pending: item }];
  });
}
