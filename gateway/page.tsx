/** The document, as the server renders it. The island takes it over; see islands/chat.tsx. */

/** What the gateway knows when a page is asked for. */
export interface PageProps {
  /** Of this answer's Content-Security-Policy. */
  nonce: string;
  /** The island's address. */
  script: string;
  /** The style sheet's address. */
  style: string;
  /** The name of who is signed in, or "" for nobody. */
  name: string;
  /** The room of the address. */
  room: string;
}

/** Renders the door, or for somebody who has been here before the room, so that a reload shows no other view. */
export function Page({ nonce, script, style, name, room }: PageProps) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta
          name="viewport"
          content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content"
        />
        <meta name="color-scheme" content="light dark" />
        <meta name="theme-color" content="#ffffff" media="(prefers-color-scheme: light)" />
        <meta name="theme-color" content="#16211d" media="(prefers-color-scheme: dark)" />
        <meta
          name="description"
          content="Rooms with two doors: browsers and programs in the same conversation."
        />
        <title>Switchboard</title>
        <link rel="icon" href={icon} />
        <link rel="stylesheet" href={style} />
        <script type="module" nonce={nonce} src={script} />
      </head>
      <body>
        <Icons />
        <Door name={name} />
        <div id="room" data-name={name} hidden={name === ""}>
          {name !== "" && <Waiting room={room} />}
        </div>
      </body>
    </html>
  );
}

function Door({ name }: { name: string }) {
  return (
    <main id="door" class="door" hidden={name !== ""}>
      <div class="door-in">
        <Mark />
        <h1 class="door-title">Switchboard</h1>
        <p class="door-lead">Rooms with two doors: people join from a browser, programs over gRPC.</p>
        <form id="join" class="join" autocomplete="off">
          <label for="name">Your name</label>
          <input
            id="name"
            name="name"
            value={name}
            required
            dir="auto"
            autocomplete="nickname"
            autocapitalize="words"
            spellcheck={false}
            enterkeyhint="go"
            aria-describedby="name-error"
          />
          <p id="name-error" class="problem" role="alert"></p>
          <button id="join-button" class="join-button" type="submit">Join</button>
        </form>
        <NoScript />
      </div>
    </main>
  );
}

/** Stands where the rooms will be, until the island draws them there. */
function Waiting({ room }: { room: string }) {
  return (
    <div class="shell">
      <aside class="side">
        <div class="side-top">
          <Mark />
          <span class="side-brand">Switchboard</span>
        </div>
      </aside>
      <div class="room">
        <header class="bar">
          <div class="bar-in">
            <div class="bar-title">
              <h1 class="bar-name">{room}</h1>
            </div>
          </div>
        </header>
        <NoScript />
      </div>
    </div>
  );
}

function NoScript() {
  return (
    <noscript>
      <p class="problem">
        Switchboard needs JavaScript to keep its line open. Allow it for this page, then reload.
      </p>
    </noscript>
  );
}

/** Drawn with one pen, 20 by 20. */
const strokes = {
  archive: "M3.5 4h13v3.5h-13zM4.5 7.5v8h11v-8M8 10.5h4",
  check: "M4 10.5l4 4 8-9",
  clock: "M8 4.8V8l2 1.4M2 8a6 6 0 1 0 12 0A6 6 0 1 0 2 8",
  close: "M5 5l10 10M15 5L5 15",
  copy: "M7.5 7.5h8v8h-8zM12.5 7.5v-3h-8v8h3",
  down: "M10 4v11.5M5 10.5l5 5 5-5",
  info: "M10 9.2v4.3M10 6.5v.1M3 10a7 7 0 1 0 14 0a7 7 0 1 0-14 0",
  leave: "M8 3.5H5A1.5 1.5 0 0 0 3.5 5v10A1.5 1.5 0 0 0 5 16.5h3M13 13.5 16.5 10 13 6.5M16 10H8",
  menu: "M3.5 5.5h13M3.5 10h13M3.5 14.5h13",
  pencil: "M4 16l.8-3.4 8.6-8.6 2.6 2.6-8.6 8.6zM11.6 5.8l2.6 2.6",
  people:
    "M4.8 7a2.7 2.7 0 1 0 5.4 0a2.7 2.7 0 1 0-5.4 0M2.5 16c.4-3 2.3-4.3 5-4.3s4.6 1.3 5 4.3M12.6 4.5a2.7 2.7 0 0 1 0 5M14.6 12c1.7.5 2.7 1.7 3 4",
  plus: "M10 4v12M4 10h12",
  reply: "M8 5l-5 5 5 5M3.5 10H11c3.6 0 5.5 1.8 5.5 5.5",
  send: "M10 16V4.5M5 9.5l5-5 5 5",
  smile:
    "M3 10a7 7 0 1 0 14 0a7 7 0 1 0-14 0M6.8 11.8c.7 1.3 1.8 2 3.2 2s2.5-.7 3.2-2M7.6 7.8v.4M12.4 7.8v.4",
  trash: "M3.5 5.5h13M8 5.5v-2h4v2M5.5 5.5l.7 11h7.6l.7-11M8.5 8.8v4.6M11.5 8.8v4.6",
};

/** The icons, once: this page and the island draw them by their id. */
function Icons() {
  return (
    <svg hidden>
      <symbol id="mark" viewBox="0 0 32 32">
        <rect width="32" height="32" rx="9" class="mark-ground" />
        <path d="M10 10v5a6 6 0 0 0 6 6h6" class="mark-cord" />
        <circle cx="10" cy="10" r="3" class="mark-plug" />
        <circle cx="22" cy="21" r="3" class="mark-plug" />
      </symbol>
      {Object.entries(strokes).map(([id, path]) => (
        <symbol key={id} id={id} viewBox={id === "clock" ? "0 0 16 16" : "0 0 20 20"}>
          <path d={path} />
        </symbol>
      ))}
    </svg>
  );
}

function Mark() {
  return (
    <svg class="mark" width="32" height="32" aria-hidden="true">
      <use href="#mark" />
    </svg>
  );
}

const icon = "data:image/svg+xml," + encodeURIComponent(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="9" fill="#0c6b50"/>` +
    `<path d="M10 10v5a6 6 0 0 0 6 6h6" fill="none" stroke="#f2c14e" stroke-width="2.5"/>` +
    `<circle cx="10" cy="10" r="3.5" fill="#fff"/><circle cx="22" cy="21" r="3.5" fill="#fff"/></svg>`,
);
