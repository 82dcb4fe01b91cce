/**
 * The thin driver: touches the socket, the timers and the browser's events, and lets the pure
 * connection, conversation and outbox say what happens.
 */
import { batch, type ReadonlySignal, signal } from "@preact/signals";
import { limits } from "../protos/limits.ts";
import { clientId } from "./client_id.ts";
import { connect, type Connection, type Happening, next, socketOf } from "./connection.ts";
import { type Conversation, follow, startConversation, take } from "./conversation.ts";
import { type Frame, readFrames } from "./frames.ts";
import * as outboxes from "./outbox.ts";
import { loadDraft, loadOutbox, saveDraft, saveOutbox } from "./kept.ts";

/** The tutorial's one room. */
export const room = "lobby";
/** After the browser says that it is offline, a silence this long is enough. */
const doubtMs = limits.heartbeatMs + 2_000;

type Timer = ReturnType<typeof setTimeout> | undefined;

/** One person's stay in the room, from joining to leaving. */
export class Session {
  readonly #connection = signal<Connection>(connect(Date.now()));
  readonly #conversation = signal<Conversation>(startConversation(""));
  readonly #draft = signal(loadDraft());
  readonly #asked = { open: 0, follow: 0 };
  readonly #over = new AbortController();
  #socket: { turn: number; socket: WebSocket } | null = null;
  #lastId = 0;
  #heardAt = 0;
  #dueTimer: Timer;
  #silenceTimer: Timer;
  #holdTimer: Timer;

  constructor(username: string) {
    this.#conversation.value = startConversation(username, outboxes.emptyOutbox(loadOutbox(username)));
    this.#listen();
    this.#drive();
  }

  get connection(): ReadonlySignal<Connection> {
    return this.#connection;
  }

  get conversation(): ReadonlySignal<Conversation> {
    return this.#conversation;
  }

  /** What is being written. */
  get draft(): ReadonlySignal<string> {
    return this.#draft;
  }

  write(text: string): void {
    this.#draft.value = text;
    saveDraft(text);
  }

  /** Says it now, or as soon as there is a connection. */
  say(text: string): void {
    this.#outbox((outbox) => outboxes.enqueue(outbox, { clientId: clientId(), text, at: Date.now() }));
  }

  /** Tries a refused message again. */
  retry(id: string): void {
    this.#outbox((outbox) => outboxes.retry(outbox, id, clientId()));
  }

  discard(id: string): void {
    this.#outbox((outbox) => outboxes.discard(outbox, id));
  }

  /** Takes a refused message back into the draft, below what is being written. */
  edit(id: string): void {
    const text = this.#conversation.value.outbox.items.find((item) => item.clientId === id)?.text;
    if (text === undefined) return;
    this.discard(id);
    this.write(this.#draft.value ? `${this.#draft.value}\n${text}` : text);
  }

  /** Connects now instead of after the wait. */
  tryNow(): void {
    this.#happen({ is: "nudge", by: "person", now: Date.now() });
  }

  /** Ends the stay; what was not sent is dropped. */
  leave(): void {
    this.#happen({ is: "leave" });
    saveOutbox("", []);
  }

  #listen(): void {
    const { signal } = this.#over;
    const nudge = () => {
      if (document.hidden) return;
      const now = Date.now();
      const silent = socketOf(this.#connection.value) !== 0 && now - this.#heardAt > limits.silenceMs;
      this.#happen(silent ? { is: "silence", now, dice: 0 } : { is: "nudge", by: "browser", now });
    };
    addEventListener("online", nudge, { signal });
    addEventListener("pageshow", nudge, { signal });
    document.addEventListener("visibilitychange", nudge, { signal });
    addEventListener("offline", () => this.#watch(doubtMs), { signal });
  }

  #happen(event: Happening): void {
    const before = this.#connection.value;
    const after = next(before, event);
    if (after === before) return;
    this.#connection.value = after;
    this.#drive();
  }

  /** Makes socket and timers what the state says. */
  #drive(): void {
    const state = this.#connection.value;
    const turn = socketOf(state);
    if (this.#socket && this.#socket.turn !== turn) this.#drop(this.#socket.socket);
    if (turn !== 0 && !this.#socket) this.#open(turn);
    clearTimeout(this.#dueTimer);
    if (state.is === "waiting") {
      const due = () => this.#happen({ is: "due", now: Date.now() });
      this.#dueTimer = setTimeout(due, Math.max(0, state.until - Date.now()) + 1);
    }
    if (state.is === "left" || state.is === "rejected") this.#over.abort();
    if (state.is === "away") this.#outbox(outboxes.lost);
    if (state.is === "live") this.#flush();
  }

  #open(turn: number): void {
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/ws`);
    const mine = () => this.#socket?.socket === socket;
    this.#socket = { turn, socket };
    this.#watch(limits.silenceMs);
    socket.onopen = () => mine() && this.#greet(socket);
    socket.onmessage = ({ data }) => mine() && this.#hear(data);
    socket.onclose = ({ code, reason }) => {
      if (!mine()) return;
      const why = reason || (code > 4499 ? "The server closed the door." : "The connection was lost.");
      this.#happen({ is: "closed", code, why, now: Date.now(), dice: Math.random() });
    };
  }

  #drop(socket: WebSocket): void {
    this.#socket = null;
    clearTimeout(this.#silenceTimer);
    clearTimeout(this.#holdTimer);
    socket.close();
    this.#outbox(outboxes.lost);
  }

  #greet(socket: WebSocket): void {
    const { me, cursor } = this.#conversation.value;
    const replay = cursor ? { replay: "REPLAY_RESUME", after: cursor } : { replay: "REPLAY_LAST_100" };
    this.#asked.open = ++this.#lastId;
    this.#asked.follow = ++this.#lastId;
    const open = { id: this.#asked.open, open: { username: me } };
    socket.send(JSON.stringify([open, { id: this.#asked.follow, follow: { room, ...replay } }]));
  }

  #hear(data: unknown): void {
    this.#watch(limits.silenceMs);
    batch(() => {
      for (const frame of readFrames(data)) {
        if (this.#socket) this.#take(frame);
      }
    });
  }

  #take({ id, is, body }: Frame): void {
    const now = Date.now();
    const dice = Math.random();
    const conversation = this.#conversation.value;
    switch (is) {
      case "opened":
        this.#conversation.value = { ...conversation, me: body.username || conversation.me };
        return;
      case "followed":
        this.#conversation.value = follow(conversation, body);
        return this.#happen({ is: "followed", now });
      case "batch": {
        const { conversation: taken, gap } = take(conversation, body);
        this.#conversation.value = taken;
        saveOutbox(taken.me, taken.outbox.items);
        if (!gap) return;
        // deno-lint-ignore no-console
        console.error("Cannot continue: the server sent an event that does not follow the last one", gap);
        const why = "Something was missing in what the server sent.";
        return this.#happen({ is: "fault", why, now, dice });
      }
      case "sent":
        this.#outbox((outbox) => outboxes.stored(outbox, id, body));
        this.#conversation.value = settled(this.#conversation.value);
        return;
      case "refused":
        if (id === this.#asked.open || id === this.#asked.follow) {
          const what = id === this.#asked.open ? "open" : "follow";
          return this.#happen({ is: "refused", what, retry: body.retry, why: body.message, now, dice });
        }
        return this.#outbox((outbox) => outboxes.refused(outbox, id, { ...body, now, dice }));
      case "link":
        return this.#happen({ is: "link", up: body.up, why: body.message });
      case "parting":
        return this.#happen({
          is: "parting",
          retry: body.retry,
          why: body.message,
          delayMs: body.delayMs,
          now,
        });
      case "heartbeat":
        this.#socket?.socket.send('[{"heartbeat":{}}]');
    }
  }

  #outbox(change: (outbox: outboxes.Outbox) => outboxes.Outbox): void {
    const conversation = this.#conversation.value;
    const outbox = change(conversation.outbox);
    if (outbox === conversation.outbox) return;
    this.#conversation.value = { ...conversation, outbox };
    saveOutbox(conversation.me, outbox.items);
    this.#flush();
  }

  /** Sends what may be sent, one message a frame: sixteen long texts together would pass the frame limit. */
  #flush(): void {
    if (this.#connection.value.is !== "live" || !this.#socket) return;
    const now = Date.now();
    let { outbox } = this.#conversation.value;
    for (const { clientId, text } of outboxes.sendable(outbox, now)) {
      const id = ++this.#lastId;
      outbox = outboxes.dispatched(outbox, clientId, id);
      this.#socket.socket.send(JSON.stringify([{ id, send: { room, clientId, text } }]));
    }
    this.#conversation.value = { ...this.#conversation.value, outbox };
    clearTimeout(this.#holdTimer);
    if (outbox.holdUntil > now) this.#holdTimer = setTimeout(() => this.#flush(), outbox.holdUntil - now + 1);
  }

  #watch(patienceMs: number): void {
    clearTimeout(this.#silenceTimer);
    if (!this.#socket) return;
    if (patienceMs === limits.silenceMs) this.#heardAt = Date.now();
    const silence = () => this.#happen({ is: "silence", now: Date.now(), dice: Math.random() });
    this.#silenceTimer = setTimeout(silence, patienceMs);
  }
}

/** An answer may come after the event itself. */
function settled(conversation: Conversation): Conversation {
  const { cursor, me, outbox } = conversation;
  if (!cursor) return conversation;
  return { ...conversation, outbox: outboxes.settle(outbox, { me, events: [], cursor }) };
}
