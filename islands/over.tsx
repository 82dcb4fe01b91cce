import { useSignal } from "@preact/signals";
import type { Acting } from "./acting.ts";
import { common, emojiIn } from "./emoji.ts";
import { Icon } from "./icon.tsx";
import { overlay } from "./overlay.ts";
import { Question } from "./question.tsx";
import type { Said } from "./rows.ts";
import { Sheet } from "./sheet.tsx";

/** Where there is more to choose than emoji. */
const few = 12;

/** What is open over the messages. */
export function Over({ acting }: { acting: Acting }) {
  const opened = acting.opened.value;
  const close = () => acting.close();
  if (!opened) return null;
  const { said } = opened;
  switch (opened.is) {
    case "picker":
      return (
        <Sheet key="picker" label="Choose a reaction" kind="beside" at={opened.at} onClose={close}>
          <Picker acting={acting} said={said} count={common.length} />
        </Sheet>
      );
    case "menu":
      return <Menu acting={acting} said={said} />;
    case "deletion":
      return (
        <Question
          key="deletion"
          title="Delete this message?"
          text="Its words are taken away for everybody. What stays is that there was a message."
          yes="Delete"
          bad
          onYes={() => {
            close();
            acting.delete(said);
          }}
          onNo={close}
        />
      );
  }
}

/** The usual emoji, and a field for any other one. */
function Picker({ acting, said, count }: { acting: Acting; said: Said; count: number }) {
  const typed = useSignal("");
  const pick = (emoji: string) => {
    if (!emoji) return;
    acting.close();
    acting.react(said, emoji);
  };
  const other = emojiIn(typed.value);
  return (
    <div class="picker">
      <div class="emojis" role="group" aria-label="Usual reactions">
        {common.slice(0, count).map(([emoji, name]) => (
          <button
            key={emoji}
            type="button"
            class="emoji"
            aria-label={name}
            title={name}
            onClick={() => pick(emoji)}
          >
            {emoji}
          </button>
        ))}
      </div>
      <form
        class="other"
        onSubmit={(event) => {
          event.preventDefault();
          pick(other);
        }}
      >
        <input
          aria-label="Another emoji"
          placeholder="Another emoji"
          autocomplete="off"
          value={typed}
          onInput={({ currentTarget }) => typed.value = currentTarget.value}
        />
        <button type="submit" class="small" aria-disabled={other === ""}>React{other && ` ${other}`}</button>
      </form>
    </div>
  );
}

/** For fingers: everything that can be done with a message, from the bottom of the window. */
function Menu({ acting, said }: { acting: Acting; said: Said }) {
  const may = acting.may(said);
  const { message } = said;
  const then = (act: (said: Said) => void) => () => {
    acting.close();
    act(said);
  };
  if (!message) return null;
  const { text, reactions } = overlay(message, said.acts, acting.session.me.value);
  return (
    <Sheet key="menu" label={`Message of ${said.sender}`} kind="bottom" onClose={() => acting.close()}>
      {may.react && <Picker acting={acting} said={said} count={few} />}
      <div class="menu-acts">
        {may.react && <Choice icon="reply" label="Reply" act={then((one) => acting.reply(one))} />}
        <Choice icon="copy" label="Copy the text" act={then(() => navigator.clipboard?.writeText(text))} />
        {may.edit && <Choice icon="pencil" label="Edit" act={then((one) => acting.edit(one))} />}
        {may.delete && (
          <Choice
            icon="trash"
            label="Delete"
            bad
            act={then((one) => acting.open({ is: "deletion", said: one }))}
          />
        )}
      </div>
      {reactions.length > 0 && (
        <ul class="menu-reactions">
          {reactions.map(({ emoji, by }) => (
            <li key={emoji}>
              <span class="emoji">{emoji}</span> {by.map(({ name }) => name).join(", ")}
            </li>
          ))}
        </ul>
      )}
    </Sheet>
  );
}

function Choice(
  { icon, label, bad = false, act }: {
    icon: Parameters<typeof Icon>[0]["of"];
    label: string;
    bad?: boolean;
    act: () => void;
  },
) {
  return (
    <button type="button" class="choice" data-bad={bad} onClick={act}>
      <Icon of={icon} size={20} />
      {label}
    </button>
  );
}
