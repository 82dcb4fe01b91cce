/** How high a row probably is, before it was ever drawn: near enough that the scroll bar hardly moves. */
import { dayOf } from "./clock.ts";
import type { Line } from "./conversation.ts";
import { isLong, legible } from "./text.ts";

// In pixels, as style.css has them.
const [lineHigh, bubbleHigh, headingHigh, noticeHigh, dayHigh] = [23.2, 21, 36, 27, 52] as const;
const [reactionsHigh, quoteHigh, editedHigh, foldedHigh] = [34, 52, 17, 410] as const;
const charWide = 7.6;
const longestLine = 610;

/** Guesses for a list that is so wide. */
export function guessSize(line: Line, { before, wide }: { before: Line | undefined; wide: number }): number {
  const day = !before || dayOf(before.at) === dayOf(line.at) ? 0 : dayHigh;
  if (line.is === "notice") return day + noticeHigh;
  const isFirst = before?.is !== "message" || before.sender !== line.sender;
  const rest = day + bubbleHigh + (isFirst ? headingHigh : 0) + (line.replyTo > 0 ? quoteHigh : 0) +
    (line.edited > 0 ? editedHigh : 0) + (line.reactions.length > 0 ? reactionsHigh : 0);
  return rest + textHigh(legible(line.text), Math.min(longestLine, wide * 0.85 - 70));
}

function textHigh(text: string, wide: number): number {
  if (isLong(text)) return foldedHigh;
  const fit = Math.max(10, wide / charWide);
  const lines = text.split("\n").reduce((sum, { length }) => sum + Math.max(1, Math.ceil(length / fit)), 0);
  return lines * lineHigh;
}
