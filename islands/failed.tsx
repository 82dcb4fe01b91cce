import { type Acting, toField } from "./acting.ts";
import type { Pending } from "./outbox.ts";

const undone = {
  send: "Cannot send this",
  edit: "Cannot change this",
  delete: "Cannot delete this",
  react: "Cannot react to this",
};

/** What was refused, why, and what can be done about it. The buttons go away with it: one goes on in the field. */
export function FailedAct({ pending, acting }: { pending: Pending; acting: Acting }) {
  const { clientId, act, fate } = pending;
  if (fate.is !== "failed") return null;
  const { post } = acting.session;
  const then = (what: () => void) => () => {
    what();
    toField();
  };
  return (
    <div class="failed">
      <p role="alert">{fate.why || `${undone[act.is]}: the server refused it.`}</p>
      <div class="acts">
        <button type="button" class="small" onClick={then(() => post.retry(clientId))}>Retry</button>
        {(act.is === "send" || act.is === "edit") && (
          <button
            type="button"
            class="small"
            onClick={() => acting.takeBack(pending)}
          >
            Edit
          </button>
        )}
        <button type="button" class="small" onClick={then(() => post.discard(clientId))}>Discard</button>
      </div>
    </div>
  );
}
