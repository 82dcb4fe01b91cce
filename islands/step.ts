/** Leads the keyboard through the messages: up and down from one to the next, as far as there are. */
export function step(log: HTMLElement, event: KeyboardEvent): void {
  const { key, target } = event;
  if ((key !== "ArrowUp" && key !== "ArrowDown") || !(target instanceof HTMLElement)) return;
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const all = [...log.querySelectorAll<HTMLElement>("article")];
  const now = target.closest("article");
  if (!now && key === "ArrowDown") return;
  const end = log.getBoundingClientRect().bottom;
  const at = now ? all.indexOf(now) : all.findLastIndex((one) => one.getBoundingClientRect().top < end) + 1;
  event.preventDefault();
  const next = all[key === "ArrowUp" ? at - 1 : at + 1];
  if (next) next.focus();
  else if (key === "ArrowDown") document.getElementById("text")?.focus();
}
