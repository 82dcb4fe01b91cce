import type { Principal } from "../protos/events.ts";
import { dayName, dayOf } from "./clock.ts";
import {
  type Conversation,
  hasEarlier,
  indexFrom,
  type Line,
  messageAt,
  type Notice,
} from "./conversation.ts";
import type { Message } from "./message.ts";
import { noticeText } from "./notice_text.ts";
import type { Fate, Pending } from "./outbox.ts";

/** What stands above a row. */
interface Above {
  readonly key: string;
  /** The day that begins here; "" if none does. */
  readonly day: string;
  /** From here on it was said since this person last looked. */
  readonly news: boolean;
}

/** Someone said something. */
export interface Said extends Above {
  readonly is: "said";
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

/** What happened to the room. */
export interface Told extends Above {
  readonly is: "notice";
  readonly seq: number;
  readonly text: string;
}

/** An act that was refused, on a message that is not held. */
export interface Stray extends Above {
  readonly is: "stray";
  readonly pending: Pending;
}

/** One row of the log, as it is shown. */
export type Row = Said | Told | Stray;

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
const none: readonly Pending[] = [];

/** Something that was said here and is not seen in the room yet, and when it is shown to have been said. */
interface Send {
  readonly pending: Pending;
  readonly text: string;
  readonly replyTo: number;
  readonly at: number;
}

/** Where a row is, and what is above it. */
interface Place {
  readonly at: number;
  readonly before: Row | undefined;
}

/**
 * What to show, from top to bottom: what was said and done, what is on its way, and what was refused. A row is made
 * when it is asked for: there may be thousands, and few are seen.
 */
export class Rows {
  readonly count: number;
  /** The row above which the line of what is new stands; -1 if there is none. */
  readonly newsAt: number;
  readonly lines: readonly Line[];
  readonly #view: View;
  readonly #today: number;
  readonly #sends: readonly Send[];
  readonly #strays: readonly Pending[];
  readonly #acts: ReadonlyMap<number, readonly Pending[]>;

  constructor(view: View, today: number) {
    this.#view = view;
    this.#today = today;
    this.lines = view.conversation.lines;
    this.#sends = sendsOf(view);
    this.#strays = straysOf(view);
    this.#acts = actsByTarget(view.pending);
    this.count = this.lines.length + this.#sends.length + this.#strays.length;
    this.newsAt = newsAt(view);
  }

  /** The keys of what has no place in the room yet, in order: the last rows. */
  get loose(): string[] {
    return [...this.#sends.map(({ pending }) => `c ${pending.clientId}`), ...this.#strays.map(keyOf)];
  }

  /** Rows from one place to before another. */
  slice(from: number, to: number): Row[] {
    const rows: Row[] = [];
    let before = from > 0 ? this.#at(from - 1, undefined) : undefined;
    for (let at = from; at < Math.min(to, this.count); at++) {
      const row = this.#at(at, before);
      if (row) rows.push(row);
      before = row;
    }
    return rows;
  }

  /** The last one of what was said that is such, among those that are not far up. */
  findLast(isSuch: (said: Said) => boolean): Said | undefined {
    return this.slice(Math.max(0, this.count - 1_000), this.count)
      .findLast((row): row is Said => row.is === "said" && isSuch(row));
  }

  #at(at: number, before: Row | undefined): Row | undefined {
    const line = this.lines[at];
    if (line?.is === "notice") return this.#told(line, at);
    if (line) return this.#said(line, { at, before });
    const send = this.#sends[at - this.lines.length];
    if (send) return this.#unsaid(send, { at, before });
    const pending = this.#strays[at - this.lines.length - this.#sends.length];
    return pending && { is: "stray", key: keyOf(pending), day: "", news: false, pending };
  }

  #told(notice: Notice, at: number): Told {
    const { seq } = notice;
    return { is: "notice", key: `${seq}`, seq, text: noticeText(notice), day: this.#day(at), news: false };
  }

  #said(line: Message, place: Place): Said {
    const { seq, sender, clientId, text, replyTo } = line;
    const mine = isBy(line, this.#view.me);
    // Another one may have chosen the same client_id.
    const key = mine && clientId ? `c ${clientId}` : `${seq}`;
    const said = { key, sender, at: line.at, mine, clientId, text, replyTo };
    return this.#grouped({ ...said, message: line, fate: null, acts: this.#acts.get(seq) ?? none }, place);
  }

  #unsaid({ pending, text, replyTo, at }: Send, place: Place): Said {
    const { clientId, fate } = pending;
    const sender = this.#view.me.name;
    const said = { key: `c ${clientId}`, sender, at, mine: true, clientId, text, replyTo };
    return this.#grouped({ ...said, message: null, fate, acts: none }, place);
  }

  #grouped(said: Omit<Said, "is" | "first" | "original" | "day" | "news">, { at, before }: Place): Said {
    const day = this.#day(at);
    const news = at === this.newsAt;
    const first = day !== "" || news || before?.is !== "said" || before.sender !== said.sender ||
      before.mine !== said.mine || said.at - before.at > pauseMs;
    const original = said.replyTo > 0 ? messageAt(this.#view.conversation, said.replyTo) : undefined;
    return { is: "said", day, news, first, original, ...said };
  }

  #day(at: number): string {
    // It may have begun further up.
    if (at === 0 && hasEarlier(this.#view.conversation)) return "";
    const day = dayOf(this.#time(at));
    return at > 0 && day === dayOf(this.#time(at - 1)) ? "" : dayName(day, this.#today);
  }

  #time(at: number): number {
    return this.lines[at]?.at ?? this.#sends[at - this.lines.length]?.at ?? NaN;
  }
}

/** Whether it would look the same. */
export function isSame(row: Row, other: Row): boolean {
  if (row.key !== other.key || row.day !== other.day || row.news !== other.news) return false;
  if (row.is === "notice") return other.is === "notice" && row.text === other.text;
  if (row.is === "stray") return other.is === "stray" && row.pending === other.pending;
  return other.is === "said" && row.first === other.first && row.fate === other.fate &&
    row.message === other.message && row.at === other.at && row.mine === other.mine &&
    row.original === other.original && row.acts.length === other.acts.length &&
    row.acts.every((one, index) => one === other.acts[index]);
}

/** Whether a message is this person's. */
export function isBy({ author }: Message, me: Principal): boolean {
  return author !== "" && author === me.id;
}

/** This machine's clock may be slow; what is said last is shown last. */
function sendsOf({ conversation, pending }: View): Send[] {
  let newest = conversation.lines.findLast(({ is }) => is === "message")?.at ?? 0;
  return pending.flatMap((pending): Send[] => {
    if (pending.act.is !== "send") return [];
    newest = Math.max(pending.at, newest);
    const { text, replyTo } = pending.act;
    return [{ pending, text, replyTo, at: newest }];
  });
}

function straysOf({ conversation, pending }: View): Pending[] {
  return pending.filter(({ act, fate }) =>
    act.is !== "send" && fate.is === "failed" && !messageAt(conversation, act.target)
  );
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

/** The first message of others that is new. */
function newsAt({ conversation: { lines }, line, me }: View): number {
  if (line === 0) return -1;
  let at = indexFrom(lines, line + 1);
  for (let one = lines[at]; one && (one.is === "notice" || isBy(one, me)); one = lines[at]) at++;
  return at < lines.length ? at : -1;
}

function keyOf({ clientId }: Pending): string {
  return clientId;
}
