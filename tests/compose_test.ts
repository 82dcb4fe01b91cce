/** compose.yaml, as far as it can be checked without Docker: it is read, and all that it names is there and fits. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { readSettings, type Role, table } from "../runtime/settings.ts";
import { cannotRunHere, root, run } from "./harness.ts";

interface Service {
  readonly build?: string;
  readonly image?: string;
  readonly command?: readonly [string];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly networks: readonly string[];
  readonly depends_on?: Readonly<Record<string, { condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly configs?: readonly { readonly source: string; readonly target: string }[];
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, unknown>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly configs: Readonly<Record<string, { readonly content: string }>>;
}

/** Reads it as Compose does, with nothing set outside. */
async function readCompose(): Promise<Compose | void> {
  const script = "import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)";
  const python = ["/usr/bin/python3", "-c", script, `${root}compose.yaml`];
  const { code, stdout, stderr } = await run(python).catch((error) => ({
    ...{ code: 1, stdout: "", stderr: String(error) },
  }));
  if (/ModuleNotFoundError|NotFound/.test(stderr)) {
    return cannotRunHere("compose.yaml needs Debian's python3-yaml");
  }
  assertEquals(code, 0, stderr);
  const fill = (text: string) =>
    text.replaceAll(/\$\$|\$\{\w+:-([^}]*)\}/g, (all, fallback) => all === "$$" ? "$" : fallback);
  return JSON.parse(stdout, (_, value) => typeof value === "string" ? fill(value) : value) as Compose;
}

const compose = await readCompose();

function onCompose(promise: string, test: (compose: Compose) => void): void {
  if (compose) Deno.test(`compose.yaml: ${promise}`, () => test(compose));
}

function named(services: Compose["services"], prefix: string): [string, Service][] {
  return Object.entries(services).filter(([name]) => name.startsWith(prefix));
}

onCompose(
  "three NATS, two ChatServices, two gateways and a proxy, each with a health check",
  ({ services }) => {
    const counts = ["nats-", "chat-", "gateway-", "proxy"].map((prefix) => named(services, prefix).length);
    assertEquals(counts, [3, 2, 2, 1]);
    assertEquals(Object.keys(services).length, 8);
    for (const { healthcheck } of Object.values(services)) assertEquals(healthcheck?.test[0], "CMD");
  },
);

onCompose("images are built here or pinned", ({ services }) => {
  for (const { build, image } of Object.values(services)) {
    if (image === undefined) assertEquals(build, ".");
    else assertMatch(image, /^[a-z]+:\d+\.\d+\.\d+-alpine$/);
  }
});

onCompose("what is set is a setting of the half that is run, with a value that it takes", ({ services }) => {
  const known = new Map(Object.values(table).map(({ env, roles }) => [env, roles as readonly Role[]]));
  const roles: Record<string, Role> = { "chat-": "grpc", "gateway-": "web" };
  for (const [prefix, role] of Object.entries(roles)) {
    for (const [, { command, environment = {} }] of named(services, prefix)) {
      assertEquals(command, [role]);
      for (const env of Object.keys(environment)) {
        assert(known.get(env)?.includes(role), `${role} has no setting ${env}`);
      }
      const asked = readSettings(role, [], (name) => environment[name]);
      assertEquals(asked.kind, "run", asked.kind === "wrong" ? asked.text : "");
    }
  }
});

onCompose("addresses and ports fit, and each end is on the same network", ({ services, configs }) => {
  const listens = (name: string) => {
    if (name.startsWith("chat-")) return [table.grpcPort.default];
    if (name.startsWith("gateway-")) return [table.port.default];
    return [...(configs.nats?.content ?? "").matchAll(/listen: "0\.0\.0\.0:(\d+)"/g)].map(([, port]) => port);
  };
  const reaches = (from: Service, address: string) => {
    const [name = "", port] = address.split(":");
    const to = services[name];
    assert(to, `there is no "${name}"`);
    assert(listens(name).includes(port), `${name} does not listen on ${port}`);
    assert(from.networks.some((network) => to.networks.includes(network)), `nobody there reaches ${name}`);
  };
  const all = (text: string) => text.match(/\b(nats|chat|gateway)-\d+:\d+/g) ?? [];
  for (const [prefix, count] of [["chat-", 3], ["gateway-", 2]] as const) {
    for (const [, service] of named(services, prefix)) {
      const addresses = all(Object.values(service.environment ?? {}).join());
      assertEquals(new Set(addresses).size, count);
      for (const address of addresses) reaches(service, address);
    }
  }
  const { proxy, "nats-1": nats } = services;
  assert(proxy && nats);
  assertEquals(all(configs.proxy?.content ?? ""), ["gateway-1:8000", "gateway-2:8000"]);
  for (const address of all(configs.proxy?.content ?? "")) reaches(proxy, address);
  for (const address of all(configs.nats?.content ?? "")) reaches(nats, address);
  for (const [name, { ports = [] }] of named(services, "chat-")) {
    for (const port of ports) assertEquals(port.split(":").at(-1), listens(name)[0]);
  }
  assertEquals(proxy.ports, ["127.0.0.1:8080:8080"]);
  assertMatch(configs.proxy?.content ?? "", /^\{\$SITE\} \{/m);
  assertEquals(proxy.environment, { SITE: ":8080" });
});

onCompose("until more is set, both doors are open to this machine alone", ({ services }) => {
  const ports = Object.values(services).flatMap(({ ports = [] }) => ports);
  assertEquals(ports.filter((port) => !port.startsWith("127.0.0.1:")), []);
});

onCompose("all that is named is there, and no two keep their data in one place", ({ services, ...there }) => {
  const volumes = Object.values(services).flatMap(({ volumes = [] }) => volumes);
  assertEquals(new Set(volumes).size, volumes.length);
  assertEquals(volumes.map((volume) => volume.split(":")[0]).sort(), Object.keys(there.volumes).sort());
  for (const service of Object.values(services)) {
    for (const network of service.networks) assert(network in there.networks, network);
    const kept = [...service.volumes ?? [], ...service.tmpfs ?? []];
    if (service.build) assert(kept.some((place) => place.endsWith("/data")), "the image has a volume");
    for (const { source } of service.configs ?? []) assert(source in there.configs, source);
    for (const [name, { condition }] of Object.entries(service.depends_on ?? {})) {
      assert(services[name]?.healthcheck, name);
      assertEquals(condition, "service_healthy");
    }
  }
});
