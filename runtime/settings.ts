/**
 * The one table of settings: flags, environment, defaults, `--help` and the README's table come from it.
 * A flag wins over the environment, the environment over the default. All mistakes are told at once.
 */
import {
  addresses,
  file,
  folder,
  host,
  logUrl,
  origins,
  type Parsed,
  port,
  replicas,
} from "./setting_values.ts";

/** A process that takes settings. */
export type Role = "start" | "grpc" | "web";

interface Setting<T> {
  readonly env: string;
  readonly default: string;
  readonly meaning: string;
  readonly roles: readonly Role[];
  readonly parse: (text: string) => Parsed<T>;
}

const service: readonly Role[] = ["start", "grpc"];
const gateway: readonly Role[] = ["start", "web"];

/** All settings. The flag of `GRPC_PORT` is `--grpc-port`. */
export const table = {
  grpcPort: {
    env: "GRPC_PORT",
    default: "50051",
    meaning: "the port where ChatService listens; 0 takes a free one",
    roles: service,
    parse: port,
  },
  grpcHost: {
    env: "GRPC_HOST",
    default: "127.0.0.1",
    meaning: "the address where ChatService listens",
    roles: service,
    parse: host,
  },
  grpcTlsCert: {
    env: "GRPC_TLS_CERT",
    default: "",
    meaning: "a PEM file with the certificate of ChatService, for TLS; needs GRPC_TLS_KEY",
    roles: service,
    parse: file,
  },
  grpcTlsKey: {
    env: "GRPC_TLS_KEY",
    default: "",
    meaning: "a PEM file with the key of GRPC_TLS_CERT",
    roles: service,
    parse: file,
  },
  grpcTlsClientCa: {
    env: "GRPC_TLS_CLIENT_CA",
    default: "",
    meaning: "a PEM file: only clients with a certificate of this authority come in",
    roles: service,
    parse: file,
  },
  port: {
    env: "PORT",
    default: "8000",
    meaning: "the port where the gateway listens; 0 takes a free one",
    roles: gateway,
    parse: port,
  },
  host: {
    env: "HOST",
    default: "127.0.0.1",
    meaning: "the address where the gateway listens",
    roles: gateway,
    parse: host,
  },
  chatAddress: {
    env: "CHAT_ADDRESS",
    default: "localhost:50051",
    meaning:
      "the ChatService that a gateway talks to (`start` talks to its own), or several that share a log, with commas between; " +
      "`grpcs://` before the first for TLS",
    roles: ["web"],
    parse: addresses,
  },
  chatTlsCert: {
    env: "CHAT_TLS_CERT",
    default: "",
    meaning: "a PEM file with the gateway's certificate for ChatService; needs CHAT_TLS_KEY",
    roles: ["web"],
    parse: file,
  },
  chatTlsKey: {
    env: "CHAT_TLS_KEY",
    default: "",
    meaning: "a PEM file with the key of CHAT_TLS_CERT",
    roles: ["web"],
    parse: file,
  },
  chatData: {
    env: "CHAT_DATA",
    default: "data",
    meaning: "the folder for what a node keeps on disk",
    roles: service,
    parse: folder,
  },
  chatLog: {
    env: "CHAT_LOG",
    default: "sqlite:data/chat.db",
    meaning:
      "the log: `sqlite:<file>` (unset: `chat.db` in CHAT_DATA), `sqlite::memory:` which forgets at exit, or " +
      "`nats://<host:port>,…/<stream>`, a stream of NATS that many ChatServices share",
    roles: service,
    parse: logUrl,
  },
  natsCreds: {
    env: "NATS_CREDS",
    default: "",
    meaning: "a file that says who we are to NATS: credentials, or the seed of an nkey",
    roles: service,
    parse: file,
  },
  natsCert: {
    env: "NATS_CERT",
    default: "",
    meaning: "a PEM file with our certificate for NATS; needs NATS_KEY",
    roles: service,
    parse: file,
  },
  natsKey: {
    env: "NATS_KEY",
    default: "",
    meaning: "a PEM file with the key of NATS_CERT",
    roles: service,
    parse: file,
  },
  natsReplicas: {
    env: "NATS_REPLICAS",
    default: "0",
    meaning: "on how many servers of NATS a record is kept: 1, 3 or 5; 0 is 3 in a cluster and 1 without",
    roles: service,
    parse: replicas,
  },
  metricsPort: {
    env: "METRICS_PORT",
    default: "0",
    meaning:
      "the port where the process tells its figures to Prometheus, at `/metrics`, on the address where it listens; 0 for none",
    roles: ["start", "grpc", "web"],
    parse: port,
  },
  origins: {
    env: "ORIGINS",
    default: "",
    meaning:
      "more origins whose pages may connect, such as `https://chat.example.org`, with commas between; " +
      "the gateway's own always may",
    roles: gateway,
    parse: origins,
  },
} satisfies Record<string, Setting<unknown>>;

/** Settings, parsed. */
export type Settings = {
  readonly [K in keyof typeof table]: Extract<
    ReturnType<(typeof table)[K]["parse"]>,
    { value: unknown }
  >["value"];
};

/** What the command line and the environment ask for. */
export type Asked =
  | { readonly kind: "run"; readonly settings: Settings }
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "wrong"; readonly text: string };

/** Reads the settings of `role`. Settings that the role does not take keep their defaults. */
export function readSettings(
  role: Role,
  args: readonly string[],
  env: (name: string) => string | undefined,
): Asked {
  if (args.includes("--help") || args.includes("-h")) return { kind: "help", text: help(role) };
  const { flags, wrong } = readFlags(role, args);
  const values: Record<string, unknown> = {};
  const unset = new Set<string>();
  for (const [key, setting] of Object.entries<Setting<unknown>>(table)) {
    const taken = setting.roles.includes(role);
    const flag = taken ? flags.get(flagOf(setting.env)) : undefined;
    const fromEnv = taken ? env(setting.env) || undefined : undefined;
    const text = flag ?? fromEnv ?? setting.default;
    if (flag === undefined && fromEnv === undefined) unset.add(key);
    const parsed = setting.parse(text.trim());
    if ("value" in parsed) values[key] = parsed.value;
    else {wrong.push(
        `Cannot use ${flag === undefined ? setting.env : flagOf(setting.env)} "${text}": ${parsed.wrong}.`,
      );}
  }
  if (wrong.length > 0) {
    return { kind: "wrong", text: [...wrong, `Run with --help to see all settings.`].join("\n") };
  }
  const settings = values as Settings;
  if (!unset.has("chatLog")) return { kind: "run", settings };
  return { kind: "run", settings: { ...settings, chatLog: `sqlite:${settings.chatData}/chat.db` } };
}

/** The settings of `role` for the terminal, with examples. */
export function help(role: Role): string {
  const what = {
    start: "Serve the chat page and the gRPC door from one process.",
    grpc: "Serve only the gRPC door: ChatService and its log.",
    web: "Serve only the page: a gateway to a ChatService.",
  }[role];
  const rows = settingsOf(role).map((setting) =>
    `  ${flagOf(setting.env).padEnd(20)} ${setting.env.padEnd(18)} ${setting.meaning} (default: ${
      setting.default || "none"
    })`
  );
  const examples = {
    start: [
      "deno task start",
      "PORT=9000 deno task start",
      "deno task start --port 9000 --chat-log sqlite::memory:",
    ],
    grpc: [
      "deno task grpc",
      "deno task grpc --grpc-host 0.0.0.0 --chat-log sqlite:/srv/chat.db",
      "CHAT_LOG=nats://nats.example.org:4222/CHAT deno task grpc",
    ],
    web: ["deno task web", "CHAT_ADDRESS=chat.example.org:50051 deno task web --host 0.0.0.0 --port 80"],
  }[role];
  return [
    what,
    "",
    "Settings, as a flag or in the environment:",
    ...rows,
    "",
    "Examples:",
    ...examples.map((e) => `  ${e}`),
  ]
    .join("\n");
}

/** The settings as a Markdown table for the README. */
export function settingsMarkdown(): string {
  const rows = settingsOf().map(({ env, default: fallback, roles, meaning }) =>
    `| \`${env}\` | \`${flagOf(env)}\` | ${fallback ? `\`${fallback}\`` : "none"} | ${
      roles.join(", ")
    } | ${meaning} |`
  );
  const head = ["| setting | flag | default | task | meaning |", "| --- | --- | --- | --- | --- |"];
  return [...head, ...rows].join("\n");
}

function settingsOf(role?: Role): Setting<unknown>[] {
  return Object.values<Setting<unknown>>(table).filter((setting) =>
    role === undefined || setting.roles.includes(role)
  );
}

function flagOf(env: string): string {
  return "--" + env.toLowerCase().replaceAll("_", "-");
}

function readFlags(role: Role, args: readonly string[]): { flags: Map<string, string>; wrong: string[] } {
  const known = new Set(settingsOf(role).map((setting) => flagOf(setting.env)));
  const flags = new Map<string, string>();
  const wrong: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const [name = "", inline] = splitOnce(args[i] ?? "");
    if (name === "--" && inline === undefined) continue;
    if (!known.has(name)) {
      wrong.push(`Cannot use "${args[i]}": there is no such flag.`);
      // Skips its value, so that one mistake is told once.
      if (inline === undefined && name.startsWith("--") && !(args[i + 1] ?? "--").startsWith("--")) i++;
      continue;
    }
    const value = inline ?? args[++i];
    if (value === undefined) wrong.push(`Cannot use ${name}: it needs a value.`);
    else flags.set(name, value);
  }
  return { flags, wrong };
}

function splitOnce(arg: string): [string, string?] {
  const at = arg.indexOf("=");
  return at < 0 || !arg.startsWith("--") ? [arg] : [arg.slice(0, at), arg.slice(at + 1)];
}
