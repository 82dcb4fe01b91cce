import type { Acting } from "./acting.ts";
import { Icon } from "./icon.tsx";
import type { ShownReaction } from "./overlay.ts";
import type { Said } from "./rows.ts";

interface Props {
  reactions: readonly ShownReaction[];
  said: Said;
  acting: Acting;
}

/** Names that a title gives. */
const mostNames = 20;

/** The reactions to a message. A press joins in, or takes the own one off. */
export function Chips({ reactions, said, acting }: Props) {
  const may = acting.may(said).react;
  return (
    <div class="reactions" role="group" aria-label="Reactions">
      {reactions.map((reaction) => {
        const { emoji, by, mine, pending } = reaction;
        return (
          <button
            key={emoji}
            type="button"
            class="reaction"
            aria-pressed={mine}
            aria-disabled={!may}
            aria-label={`${emoji} ${by.length}: ${namesOf(reaction)}`}
            title={namesOf(reaction)}
            data-pending={pending}
            onClick={() => may && acting.react(said, emoji)}
          >
            <span class="emoji">{emoji}</span> {by.length}
          </button>
        );
      })}
      {may && (
        <button
          type="button"
          class="reaction add"
          aria-label="Add a reaction"
          title="Add a reaction"
          onClick={({ currentTarget }) =>
            acting.open({ is: "picker", said, at: currentTarget.getBoundingClientRect() })}
        >
          <Icon of="smile" size={16} />
        </button>
      )}
    </div>
  );
}

function namesOf({ by }: ShownReaction): string {
  const names = by.slice(0, mostNames).map(({ name }) => name).join(", ");
  return by.length > mostNames ? `${names} and ${by.length - mostNames} more` : names;
}
