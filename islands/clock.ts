/** Times in the reader's own language and zone. */
import { remembered } from "./remembered.ts";

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const dayOfYear = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const anyDay = new Intl.DateTimeFormat(undefined, { dateStyle: "full" });

const [minuteMs, secondMs] = [60_000, 1_000] as const;
const clockOf = remembered((minute: number) => clock.format(minute * minuteMs));
const fullOf = remembered((second: number) => full.format(second * secondMs));

/** Hours and minutes, as the reader writes them. */
export function clockTime(at: number): string {
  return Number.isNaN(at) ? "" : clockOf(Math.floor(at / minuteMs));
}

/** Date and time in full, for those who want to know exactly. */
export function fullTime(at: number): string {
  return Number.isNaN(at) ? "" : fullOf(Math.floor(at / secondMs));
}

/** The date alone. */
export function dayDate(at: number): string {
  return Number.isNaN(at) ? "" : anyDay.format(at);
}

/** ISO 8601 in UTC, for machines. */
export function isoTime(at: number): string {
  return Number.isNaN(at) ? "" : new Date(at).toISOString();
}

/** The start of the reader's day that a time falls in. */
export function dayOf(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}

/** "Today", "Yesterday", or the date; without the year when it is this one. */
export function dayName(day: number, today: number): string {
  if (day === today) return "Today";
  // A day of 23 or 25 hours still begins within this one's first hours.
  if (dayOf(today - 12 * 60 * 60 * 1000) === day) return "Yesterday";
  const sameYear = new Date(day).getFullYear() === new Date(today).getFullYear();
  return (sameYear ? dayOfYear : anyDay).format(day);
}
