import { Component } from "preact";
import type { Acting } from "./acting.ts";
import { clockTime, fullTime, isoTime } from "./clock.ts";
import { FailedAct } from "./failed.tsx";
import { Icon } from "./icon.tsx";
import { type Piece, pieces } from "./links.ts";
import type { Pending } from "./outbox.ts";
import { type Overlaid, overlay } from "./overlay.ts";
import { Chips } from "./chips.tsx";
import { Quote } from "./quote.tsx";
import type { Said } from "./rows.ts";
import { isLong, legible } from "./text.ts";
import { hueOf, initials } from "./sender.ts";
import { Tools } from "./tools.tsx";

interface Props {
  said: Said;
  acting: Acting;
  /** Shown in full, though it is long. */
  open: boolean;
  unfold: (key: string) => void;
}

interface State {
  /** Under the pointer. */
  under: boolean;
  /** Holds the focus, by the keyboard. */
  focused: boolean;
}

/** A pointer that rows pass under, since somebody scrolls or many write, is not over any of them. */
const restMs = 80;
/** Read aloud when a message is stepped to. */
const spokenChars = 300;
const gone = "This message was deleted.";

/** One message. */
export class Bubble extends Component<Props, State> {
  override state = { under: false, focused: false };
  #restTimer: ReturnType<typeof setTimeout> | undefined;

  override render({ said, acting, open, unfold }: Props, { under, focused }: State) {
    const { first, mine, sender, at, message, replyTo } = said;
    const me = acting.session.me.value;
    const is = shownOf(said, acting);
    const state = stateOf(said, is);
    const text = legible(is.text);
    const folded = !open && isLong(text);
    const mentions = !mine && me.key !== "" && message?.mentions.includes(me.key);
    return (
      <article
        class="said"
        tabindex={-1}
        aria-label={`${mine ? "You" : sender}, ${clockTime(at)}: ${text.slice(0, spokenChars) || gone}`}
        data-seq={message?.seq}
        data-mine={mine}
        data-first={first}
        data-state={state}
        data-mention={mentions}
        onPointerEnter={({ pointerType }) => pointerType === "mouse" && this.#enter()}
        onPointerLeave={() => this.#leave()}
        onFocusIn={({ target }) => this.setState({ focused: (target as Element).matches(":focus-visible") })}
        onFocusOut={() => this.setState({ focused: false })}
        onKeyDown={({ key, target, currentTarget }) =>
          key === "Enter" && target === currentTarget && this.#menu()}
      >
        {first && !mine && (
          <span class="face" data-hue={hueOf(sender)} aria-hidden="true">{initials(sender)}</span>
        )}
        {first && <Heading said={said} state={state} />}
        <div
          class="bubble"
          title={under && state === "sent" ? fullTime(at) : undefined}
          onClick={(event) => this.#press(event)}
        >
          {!first && <span class="unseen">{`${mine ? "You" : sender}: `}</span>}
          {replyTo > 0 && <Quote original={said.original} seq={replyTo} acting={acting} />}
          <Words is={{ ...is, text }} folded={folded} me={mentions ? me.name : ""} />
          {folded && (
            <button type="button" class="small" onClick={() => unfold(said.key)}>
              Show all of it
            </button>
          )}
          {(state === "pending" || is.pending) && <Clock />}
          {(under || focused) && message && <Tools said={said} acting={acting} />}
        </div>
        {is.reactions.length > 0 && <Chips reactions={is.reactions} said={said} acting={acting} />}
        {failedOf(said).map((pending) => (
          <FailedAct key={pending.clientId} pending={pending} acting={acting} />
        ))}
      </article>
    );
  }

  override componentWillUnmount(): void {
    clearTimeout(this.#restTimer);
  }

  #enter(): void {
    clearTimeout(this.#restTimer);
    this.#restTimer = setTimeout(() => this.setState({ under: true }), restMs);
  }

  #leave(): void {
    clearTimeout(this.#restTimer);
    if (this.state.under) this.setState({ under: false });
  }

  /** Fingers have no pointer that could hover: a tap shows what can be done. */
  #press({ target }: Event): void {
    if (matchMedia("(hover: hover)").matches) return;
    if (target instanceof Element && target.closest("a, button")) return;
    if (getSelection()?.isCollapsed === false) return;
    this.#menu();
  }

  #menu(): void {
    const { said, acting } = this.props;
    if (said.message && !said.message.deleted) acting.open({ is: "menu", said });
  }
}

function Words({ is, folded, me }: { is: Overlaid; folded: boolean; me: string }) {
  if (is.deleted) return <p class="gone">{gone}</p>;
  return (
    <>
      <div class="text" dir="auto" data-folded={folded}>
        {pieces(is.text, me).map(piece)}
      </div>
      {is.edited && <span class="edited">edited</span>}
    </>
  );
}

function piece({ text, href, mention }: Piece) {
  if (href) return <a href={href} target="_blank" rel="noopener noreferrer nofollow">{text}</a>;
  return mention ? <mark>{text}</mark> : text;
}

function Clock() {
  return (
    <span class="pending" title="Not sent yet">
      <Icon of="clock" size={14} />
      <span class="unseen">Not sent yet</span>
    </span>
  );
}

function Heading({ said: { mine, sender, at }, state }: { said: Said; state: string }) {
  return (
    <p class="heading">
      {mine
        ? <span class="who">You</span>
        : <bdi class="who" data-hue={hueOf(sender)} title={sender}>{sender}</bdi>}
      {state === "pending" && <span class="when">Sending…</span>}
      {state === "failed" && <span class="when">Not sent</span>}
      {state !== "pending" && state !== "failed" && (
        <time dateTime={isoTime(at)} title={fullTime(at)}>{clockTime(at)}</time>
      )}
    </p>
  );
}

function shownOf({ message, text, acts }: Said, { session }: Acting): Overlaid {
  if (message) return overlay(message, acts, session.me.value);
  return { text, edited: false, deleted: false, pending: false, reactions: [] };
}

function stateOf({ fate }: Said, { deleted }: Overlaid): "sent" | "pending" | "failed" | "deleted" {
  if (deleted) return "deleted";
  if (fate === null || fate.is === "stored") return "sent";
  return fate.is === "failed" ? "failed" : "pending";
}

/** What was refused: the message itself, or what this person did to it. */
function failedOf({ clientId, acts, fate, text, replyTo, at }: Said): readonly Pending[] {
  const failed = acts.filter((pending) => pending.fate.is === "failed");
  if (fate?.is !== "failed") return failed;
  return [{ clientId, room: "", at, act: { is: "send", text, replyTo }, fate }, ...failed];
}
