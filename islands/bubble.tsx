import { Component } from "preact";
import { clockTime, fullTime, isoTime } from "./clock.ts";
import { Icon } from "./icon.tsx";
import { pieces } from "./links.ts";
import type { Said } from "./rows.ts";
import { hueOf, initials } from "./sender.ts";
import type { Session } from "./session.ts";

interface Props {
  said: Said;
  session: Session;
}

/** Longer ones begin folded: one person's log file must not push all the others out of sight. */
const foldChars = 1_800;
const foldLines = 24;

/** One message. A class, because among thousands only the changed ones may be rendered again. */
export class Bubble extends Component<Props, { open: boolean }> {
  override state = { open: false };

  override shouldComponentUpdate({ said }: Props, { open }: { open: boolean }): boolean {
    const now = this.props.said;
    return open !== this.state.open || said.first !== now.first || said.fate !== now.fate ||
      said.at !== now.at || said.mine !== now.mine;
  }

  override render({ said, session }: Props) {
    const { first, mine, sender, text, at, fate } = said;
    const state = fate === null || fate.is === "stored"
      ? "sent"
      : fate.is === "failed"
      ? "failed"
      : "pending";
    const folded = !this.state.open && isLong(text);
    return (
      <article class="said" data-mine={mine} data-first={first} data-state={state}>
        {first && !mine && (
          <span class="face" data-hue={hueOf(sender)} aria-hidden="true">{initials(sender)}</span>
        )}
        {first && <Heading said={said} state={state} />}
        <div class="bubble" title={state === "sent" ? fullTime(at) : undefined}>
          {!first && <span class="unseen">{`${mine ? "You" : sender}: `}</span>}
          <div class="text" dir="auto" data-folded={folded}>{pieces(text).map(piece)}</div>
          {folded && (
            <button type="button" class="small" onClick={() => this.setState({ open: true })}>
              Show all of it
            </button>
          )}
          {state === "pending" && (
            <span class="pending" title="Not sent yet">
              <Icon of="clock" size={14} />
              <span class="unseen">Not sent yet</span>
            </span>
          )}
        </div>
        {fate?.is === "failed" && <Failed said={said} why={fate.why} session={session} />}
      </article>
    );
  }
}

function isLong(text: string): boolean {
  return text.length > foldChars || text.split("\n", foldLines + 1).length > foldLines;
}

function Heading({ said: { mine, sender, at }, state }: { said: Said; state: string }) {
  return (
    <p class="heading">
      {mine ? <span class="who">You</span> : <bdi class="who" data-hue={hueOf(sender)}>{sender}</bdi>}
      {state === "sent" && <time dateTime={isoTime(at)} title={fullTime(at)}>{clockTime(at)}</time>}
      {state === "pending" && <span class="when">Sending…</span>}
      {state === "failed" && <span class="when">Not sent</span>}
    </p>
  );
}

/** The buttons go away with what they did: the field is where the person goes on. */
function Failed({ said: { clientId }, why, session }: { said: Said; why: string; session: Session }) {
  const act = (what: (id: string) => void) => {
    what(clientId);
    document.getElementById("text")?.focus();
  };
  return (
    <div class="failed">
      <p role="alert">{why || "Cannot send this: the server refused it."}</p>
      <div class="acts">
        <button type="button" class="small" onClick={() => act((id) => session.retry(id))}>Retry</button>
        <button type="button" class="small" onClick={() => act((id) => session.edit(id))}>Edit</button>
        <button type="button" class="small" onClick={() => act((id) => session.discard(id))}>Discard</button>
      </div>
    </div>
  );
}

function piece({ text, href }: { text: string; href: string }) {
  if (!href) return text;
  return <a href={href} target="_blank" rel="noopener noreferrer nofollow">{text}</a>;
}
