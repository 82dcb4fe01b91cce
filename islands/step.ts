import type { Scroller } from "./scroller.ts";

/** Leads the keyboard through the messages: up and down from one to the next, as far as there are. */
export function step(
  log: HTMLElement,
  { event, scroller }: { event: KeyboardEvent; scroller: Scroller },
): void {
  const { key, target } = event;
  if ((key !== "ArrowUp" && key !== "ArrowDown") || !(target instanceof HTMLElement)) return;
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const now = target.closest<HTMLElement>("article");
  if (!now && key === "ArrowDown") return;
  event.preventDefault();
  if (now && !isSeen(now, log)) back(now, { log, key, scroller });
  else go(log, { now, key });
}

/** Somebody scrolled away from what has the focus: the way goes on from there. */
async function back(
  now: HTMLElement,
  { log, key, scroller }: { log: HTMLElement; key: string; scroller: Scroller },
): Promise<void> {
  const seq = Number(now.dataset.seq);
  if (seq > 0) await scroller.lead(seq);
  go(log, { now, key });
}

function go(log: HTMLElement, { now, key }: { now: HTMLElement | null; key: string }): void {
  const all = [...log.querySelectorAll<HTMLElement>("article")];
  const end = log.getBoundingClientRect().bottom;
  const at = now ? all.indexOf(now) : all.findLastIndex((one) => one.getBoundingClientRect().top < end) + 1;
  const next = all[key === "ArrowUp" ? at - 1 : at + 1];
  if (next) next.focus();
  else if (key === "ArrowDown") document.getElementById("text")?.focus();
}

function isSeen(one: HTMLElement, log: HTMLElement): boolean {
  const [inner, outer] = [one.getBoundingClientRect(), log.getBoundingClientRect()];
  return inner.bottom > outer.top && inner.top < outer.bottom;
}
