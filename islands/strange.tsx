import type { Session } from "./session.ts";

/** Tells of what somebody wrote here under another name and could not send. It is never sent under this one. */
export function Strange({ session }: { session: Session }) {
  const left = session.post.strange.value;
  if (left.length === 0) return null;
  const names = [...new Set(left.map(({ by }) => by.name))].join(", ");
  const texts = left.flatMap(({ item: { act } }) => act.is === "send" ? [act.text] : []);
  const take = () => {
    session.drafts.add(session.room.value.name, texts.join("\n"));
    session.post.discardStrange();
  };
  return (
    <div class="strange" role="note">
      <p>
        {left.length === 1 ? "One thing" : `${left.length} things`} that{" "}
        <bdi>{names}</bdi>, signed in here before, did {left.length === 1 ? "was" : "were"} never sent.
      </p>
      <div class="acts">
        {texts.length > 0 && <button type="button" class="small" onClick={take}>Take the words over</button>}
        <button type="button" class="small" onClick={() => session.post.discardStrange()}>Discard</button>
      </div>
    </div>
  );
}
