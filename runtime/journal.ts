/** What a process tells its operator: results on stdout, everything else on stderr, one line each. */
export interface Journal {
  /** Something the person who started it waits for. */
  say(line: string): void;
  /** Something worth knowing later. */
  info(line: string): void;
  /** Something that needs a look; `cause` is shown with its stack. */
  warn(line: string, cause?: unknown): void;
}

/** Writes to the terminal. */
export const terminal: Journal = {
  say: (line) => write(Deno.stdout, line),
  info: (line) => write(Deno.stderr, line),
  warn: (line, cause) => write(Deno.stderr, cause === undefined ? line : `${line}\n${Deno.inspect(cause)}`),
};

/** Tells nobody. */
export const silent: Journal = { say: nothing, info: nothing, warn: nothing };

const encoder = new TextEncoder();

function write(to: { writeSync(bytes: Uint8Array): number }, line: string): void {
  const bytes = encoder.encode(line + "\n");
  try {
    for (let done = 0; done < bytes.length;) done += to.writeSync(bytes.subarray(done));
  } catch {
    // The reader of a pipe went away. That is no reason to stop serving.
  }
}

function nothing(): void {}
