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
import { hueOf, initials } from "./sender.ts";
import { Tools } from "./tools.tsx";

interface Props {
  said: Said;
  acting: Acting;
}

interface State {
  /** Shown in full. */
  open: boolean;
  /** Under the pointer. */
  under: boolean;
  /** Holds the focus, by the keyboard. */
  focused: boolean;
}

/** Longer ones begin folded: one person's log file must not push all the others out of sight. */
const foldChars = 1_800;
const foldLines = 24;
/** Read aloud when a message is stepped to. */
const spokenChars = 300;
const gone = "This message was deleted.";

/** One message. A class, because among thousands only the changed ones may be rendered again. */
export class Bubble extends Component<Props, State> {
  override state = { open: false, under: false, focused: false };

  override shouldComponentUpdate({ said }: Props, state: State): boolean {
    const now = this.props.said;
    return state !== this.state || said.first !== now.first ||
      said.fate !== now.fate || said.message !== now.message || said.at !== now.at ||
      said.mine !== now.mine || said.original !== now.original || !isSame(said.acts, now.acts);
  }

  override render({ said, acting }: Props, { open, under, focused }: State) {
    const { first, mine, sender, at, message, replyTo } = said;
    const me = acting.session.me.value;
    const is = shownOf(said, acting);
    const state = stateOf(said, is);
    const folded = !open && isLong(is.text);
    const mentions = !mine && me.key !== "" && message?.mentions.includes(me.key);
    return (
      <article
        class="said"
        tabindex={-1}
        aria-label={`${mine ? "You" : sender}, ${clockTime(at)}: ${is.text.slice(0, spokenChars) || gone}`}
        data-seq={message?.seq}
        data-mine={mine}
        data-first={first}
        data-state={state}
        data-mention={mentions}
        onPointerEnter={({ pointerType }) => pointerType === "mouse" && this.setState({ under: true })}
        onPointerLeave={() => this.setState({ under: false })}
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
          title={state === "sent" ? fullTime(at) : undefined}
          onClick={(event) => this.#press(event)}
        >
          {!first && <span class="unseen">{`${mine ? "You" : sender}: `}</span>}
          {replyTo > 0 && <Quote original={said.original} seq={replyTo} acting={acting} />}
          <Words is={is} folded={folded} me={mentions ? me.name : ""} />
          {folded && (
            <button type="button" class="small" onClick={() => this.setState({ open: true })}>
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
      {mine ? <span class="who">You</span> : <bdi class="who" data-hue={hueOf(sender)}>{sender}</bdi>}
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

function isLong(text: string): boolean {
  return text.length > foldChars || text.split("\n", foldLines + 1).length > foldLines;
}

function isSame(some: readonly Pending[], others: readonly Pending[]): boolean {
  return some.length === others.length && some.every((one, index) => one === others[index]);
}
