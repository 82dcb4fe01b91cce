import { isUnsure } from "./outbox.ts";
import { Question } from "./question.tsx";
import type { Session } from "./session.ts";

/** What would be lost if this person left now. */
export function unsent(session: Session): number {
  return session.post.outbox.value.items.filter(isUnsure).length;
}

/** Asks before somebody leaves who would lose something by it. */
export function Leaving({ session, close }: { session: Session; close: () => void }) {
  const count = unsent(session);
  const what = count === 1 ? "One thing that you did is" : `${count} things that you did are`;
  return (
    <Question
      title="Leave anyway?"
      text={`${what} not sent yet and will be lost.`}
      yes="Leave"
      bad
      onYes={() => session.leave()}
      onNo={close}
    />
  );
}
