import type { Acting } from "./acting.ts";
import { Icon, type IconName } from "./icon.tsx";
import type { Said } from "./rows.ts";

/** What can be done with a message, beside it. Not part of what the log reads aloud. */
export function Tools({ said, acting }: { said: Said; acting: Acting }) {
  const may = acting.may(said);
  if (!may.react && !may.delete) return null;
  return (
    <div class="tools" role="toolbar" aria-label={`Message of ${said.sender}`} aria-live="off">
      {may.react && (
        <Tool
          icon="smile"
          label="React"
          act={(at) => acting.open({ is: "picker", said, at })}
        />
      )}
      {may.react && <Tool icon="reply" label="Reply" act={() => acting.reply(said)} />}
      {may.edit && <Tool icon="pencil" label="Edit" act={() => acting.edit(said)} />}
      {may.delete && <Tool icon="trash" label="Delete" act={() => acting.open({ is: "deletion", said })} />}
    </div>
  );
}

function Tool({ icon, label, act }: { icon: IconName; label: string; act: (at: DOMRect) => void }) {
  return (
    <button
      type="button"
      class="tool"
      aria-label={label}
      title={label}
      onClick={(event) => {
        event.stopPropagation();
        act(event.currentTarget.getBoundingClientRect());
      }}
    >
      <Icon of={icon} size={18} />
    </button>
  );
}
