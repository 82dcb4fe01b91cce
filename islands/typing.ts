/** When to say that this person writes. Pure: the driver says it. */

/** Said again at most this often; the others show it for twice as long. */
export const againMs = 3_000;

/** When it was last said that this person writes; 0 if it holds no longer. */
export type SaidAt = number;

/** What to say now that the text is this one. */
export function typed(
  saidAt: SaidAt,
  { text, now }: { text: string; now: number },
): { saidAt: SaidAt; say: "writing" | "stopped" | null } {
  if (text.trim() === "") return stop(saidAt);
  if (saidAt > 0 && now - saidAt < againMs) return { saidAt, say: null };
  return { saidAt: now, say: "writing" };
}

/** The text was sent, or left alone. */
export function stop(saidAt: SaidAt): { saidAt: SaidAt; say: "stopped" | null } {
  return { saidAt: 0, say: saidAt > 0 ? "stopped" : null };
}

/** Who writes, in words; "" if nobody else does. */
export function typingText(names: readonly string[], me: string): string {
  const others = names.filter((name) => name !== me);
  const [one = "", two = ""] = others;
  switch (others.length) {
    case 0:
      return "";
    case 1:
      return `${one} is writing…`;
    case 2:
      return `${one} and ${two} are writing…`;
    default:
      return "Several people are writing…";
  }
}
