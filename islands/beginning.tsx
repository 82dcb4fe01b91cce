import { type Conversation, hasEarlier } from "./conversation.ts";
import type { OpenRoom } from "./open_room.ts";

/** What stands above the first message: never more than what is known. */
export function Beginning(
  { room, conversation, empty }: { room: OpenRoom; conversation: Conversation; empty: boolean },
) {
  const { cursor, from, reset } = conversation;
  if (!cursor) return null;
  const earlier = hasEarlier(conversation);
  const loading = room.loading.value;
  return (
    <div class="beginning">
      {empty && (
        <div class="empty">
          <p class="empty-title">It is quiet in here.</p>
          <p>Say hello: whoever joins later will read it too.</p>
        </div>
      )}
      {!empty && (
        <div class="note">
          {earlier && (
            <button
              type="button"
              class="small"
              aria-disabled={loading}
              onClick={() => room.earlier()}
            >
              {loading ? "Loading…" : "Show earlier messages"}
            </button>
          )}
          {!earlier && (from > 0 ? "Earlier messages are not shown." : `This is where ${room.name} began.`)}
        </div>
      )}
      {reset && (
        <p class="note" role="alert">
          The history was reset. What you had seen before is gone from the room.
        </p>
      )}
    </div>
  );
}
