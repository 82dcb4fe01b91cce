import type { Principal } from "../protos/events.ts";
import { signIn } from "./account.ts";
import { nameProblem } from "./name.ts";

/** The view in which a name is chosen; the server rendered it. */
export interface Door {
  open(name: string, problem: string): void;
  shut(): void;
}

/** Takes the server's form over. `onJoin` gets who the server has let in. */
export function openDoor(onJoin: (me: Principal) => void): Door {
  const view = find("door", HTMLElement);
  const form = find("join", HTMLFormElement);
  const input = find("name", HTMLInputElement);
  const error = find("name-error", HTMLElement);
  const button = find("join-button", HTMLButtonElement);

  const tell = (problem: string) => {
    error.textContent = problem;
    input.setAttribute("aria-invalid", `${problem !== ""}`);
    if (problem) input.focus();
  };
  const busy = (is: boolean) => {
    button.setAttribute("aria-disabled", `${is}`);
    button.textContent = is ? "Joining…" : "Join";
  };
  const join = async () => {
    if (button.getAttribute("aria-disabled") === "true") return;
    const problem = nameProblem(input.value);
    tell(problem);
    if (problem) return;
    busy(true);
    const told = await signIn(input.value.trim());
    busy(false);
    if (told.is === "known") onJoin(told.principal);
    else tell(told.why);
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    join();
  });
  input.addEventListener("input", () => tell(""));
  if (!view.hidden) input.focus();

  return {
    open(name, problem) {
      view.hidden = false;
      input.value = name;
      tell(problem);
      input.focus();
      input.select();
    },
    shut() {
      view.hidden = true;
    },
  };
}

function find<Kind extends HTMLElement>(id: string, kind: abstract new () => Kind): Kind {
  const element = document.getElementById(id);
  if (element instanceof kind) return element;
  throw new Error(`Cannot start the page: it has no "${id}", reload it.`);
}
