/** The document, as the server renders it. The island takes it over; see islands/chat.tsx. */

/** What the gateway knows when a page is asked for. */
export interface PageProps {
  /** Of this answer's Content-Security-Policy. */
  nonce: string;
  /** The island's address. */
  script: string;
  /** The style sheet's address. */
  style: string;
  /** The name this browser last joined under, or "" for none. */
  name: string;
}

/** Renders the door, or for somebody who has been here before the room, so that a reload shows no other view. */
export function Page({ nonce, script, style, name }: PageProps) {
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
          content="One room, two doors: browsers and programs in the same conversation."
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
          {name !== "" && <Waiting />}
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
        <p class="door-lead">One room, two doors: people join from a browser, programs over gRPC.</p>
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
          <button id="join-button" class="join-button" type="submit">Join the room</button>
        </form>
        <NoScript />
      </div>
    </main>
  );
}

/** Stands where the room will be, until the island draws it there. */
function Waiting() {
  return (
    <div class="room">
      <header class="bar">
        <div class="bar-in">
          <Mark />
          <h1 class="bar-name">lobby</h1>
        </div>
      </header>
      <NoScript />
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
      <symbol id="leave" viewBox="0 0 20 20">
        <path d="M8 3.5H5A1.5 1.5 0 0 0 3.5 5v10A1.5 1.5 0 0 0 5 16.5h3M13 13.5 16.5 10 13 6.5M16 10H8" />
      </symbol>
      <symbol id="send" viewBox="0 0 20 20">
        <path d="M10 16V4.5M5 9.5l5-5 5 5" />
      </symbol>
      <symbol id="down" viewBox="0 0 20 20">
        <path d="M10 4v11.5M5 10.5l5 5 5-5" />
      </symbol>
      <symbol id="clock" viewBox="0 0 16 16">
        <path d="M8 4.8V8l2 1.4M2 8a6 6 0 1 0 12 0A6 6 0 1 0 2 8" />
      </symbol>
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
