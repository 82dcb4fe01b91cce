/** The Dockerfile: its steps are carried out, and its result serves with no network and a read-only root. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { cannotRunHere, eventually, root, tempFolder } from "./harness.ts";
import { Builder, Container, copyContext, MountSpace, parseDockerfile } from "./image.ts";

const stages = parseDockerfile(await Deno.readTextFile(root + "Dockerfile"));

Deno.test("the image has pinned bases, the project's Deno, no root, and a volume", () => {
  const [build, final] = stages;
  assertMatch(build?.from ?? "", /^node:\d+\.\d+\.\d+-bookworm-slim$/);
  assertMatch(final?.from ?? "", /^debian:\d+\.\d+-slim$/);
  const steps = (name: string) => final?.steps.filter((step) => step.name === name).map(({ text }) => text);
  assert(
    build?.steps.some(({ text }) => text.includes(`deno@${Deno.version.deno} `)),
    "not the Deno of these tests",
  );
  assertEquals(steps("USER"), ["10001:10001"]);
  assertEquals(steps("VOLUME"), ["/data"]);
  assertEquals(steps("EXPOSE"), ["8000 50051"]);
  assertEquals(final?.steps.at(-1), { name: "CMD", text: `["start"]` });
});

Deno.test("the image builds step by step, and serves with no network and a read-only root folder", async (t) => {
  const space = Deno.uid() === 0 ? await MountSpace.open() : undefined;
  if (!space) return cannotRunHere("the Dockerfile's steps need root, unshare and overlay mounts");
  await using folder = await tempFolder();
  await using _ = space;
  const image = await build(space, folder, t);
  if (!image) return;
  await t.step(
    "`start` serves both doors, keeps data in the volume, and stops with 0",
    () => serveBoth(space, image),
  );
  await t.step("`grpc` and `web` serve apart, and health tells a lost half", () => serveApart(space, image));
});

async function build(
  space: MountSpace,
  folder: { file(name: string): string },
  t: Deno.TestContext,
): Promise<Builder | undefined> {
  const context = folder.file("context");
  await Deno.mkdir(context);
  await copyContext(context);
  let image: Builder | undefined;
  for (const [i, { from, as, steps }] of stages.entries()) {
    const at = folder.file(as || "final");
    await space.overlay(at);
    await space.shell(`cd "${at}" && rm -rf ${notIn(from).map((path) => `".${path}"`).join(" ")}`);
    image = new Builder(space, { at, context });
    const stage = image;
    for (const step of steps) {
      const done = await t.step(
        `stage ${i + 1}: ${step.name} ${step.text.slice(0, 60)}`,
        () => stage.carryOut(step),
      );
      if (!done) return undefined;
    }
  }
  if (image) await seal(space, image);
  return image;
}

/** What this machine has and a base image has not, so that nothing is found by accident. */
function notIn(base: string): string[] {
  const ours = ["/work", "/app", "/deno", "/data", "/opt/deno", "/usr/local/bin/deno", "/usr/bin/deno"];
  const nodes = [
    "/usr/bin/node",
    "/usr/local/bin/node",
    "/usr/lib/node_modules",
    "/usr/local/lib/node_modules",
  ];
  return base.startsWith("node:") ? ours : [...ours, ...nodes];
}

/** Makes the root read-only, and mounts a new volume: it begins with the owner that the image has at its place. */
async function seal(space: MountSpace, stage: Builder): Promise<void> {
  const { at } = stage;
  const volume = at + stage.said("VOLUME");
  await space.shell(`mkdir "${at}.volume" && chown --reference="${volume}" "${at}.volume"`);
  await space.shell(`mount -o remount,ro "${at}" && mount --bind "${at}.volume" "${volume}"`);
}

async function serveBoth(space: MountSpace, image: Builder): Promise<void> {
  await using container = new Container(space, image, JSON.parse(image.said("CMD")));
  await eventually(() => container.healthy(), { what: "a healthy container" });
  const page = `const page = await (await fetch("http://127.0.0.1:8000/")).text();
    const script = page.match(/src="([/]assets[^"]+)"/)[1];
    console.log((await fetch("http://127.0.0.1:8000" + script)).status);`;
  assertEquals(await container.evaluate(page), "200\n");
  const sends = `import { grpcClient, send } from "./tests/doors.ts";
    using client = grpcClient(50051);
    console.log((await send(client, { username: "ann", message: "from outside" })).seq);`;
  assertEquals(await container.evaluate(sends), "1\n");
  assertMatch(await space.shell(`ls "${image.at}/data"`), /^chat\.db$/m);
  const touch = "id -u; for path in /app /deno /tmp /data; do touch $path/x 2> /dev/null && echo $path; done";
  assertEquals((await container.exec("sh", "-c", touch)).stdout, "10001\n/data\n");
  const { code, output } = await container.stop();
  assertEquals(code, 0, output);
  assertMatch(output, /^Chat page on http:\/\/localhost:8000\ngRPC server started on port 50051\n/);
}

async function serveApart(space: MountSpace, image: Builder): Promise<void> {
  await using service = new Container(space, image, ["grpc"]);
  await eventually(() => service.healthy(), { what: "a healthy grpc" });
  await using page = new Container(space, image, ["web"], service);
  const status = `console.log((await fetch("http://127.0.0.1:8000/readyz").catch(() => ({}))).status)`;
  await eventually(async () => await page.evaluate(status) === "200\n", { what: "a ready web" });
  assertEquals((await page.exec("health")).stdout, "page: serves, gRPC: serves\n");
  assertEquals((await service.stop()).code, 0);
  await eventually(async () => await page.evaluate(status) === "503\n", {
    what: "a web that knows its loss",
  });
  assertEquals(await page.healthy(), false);
  assertEquals((await page.exec("health")).stdout, "page: does not serve, gRPC: closed\n");
  assertEquals((await page.stop()).code, 0);
}
