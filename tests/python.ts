/** A foreign gRPC client: Debian's python3-grpcio, with stubs from the tutorial's file alone or from the contract. */
import { assertEquals } from "@std/assert";
import { cannotRunHere, root, run, tempFolder } from "./harness.ts";

const python = "/usr/bin/python3";

/**
 * Runs a script of tests/clients with fresh stubs of a folder's chat.proto; undefined, loudly, where there is no
 * Python client.
 */
export async function runPython(
  script: string,
  args: unknown[],
  { stdin, protos = "tests/tutorial" }: { stdin?: unknown; protos?: "tests/tutorial" | "protos" } = {},
): Promise<unknown> {
  const probe = await run([python, "-c", "import grpc, grpc_tools.protoc"]).catch(() => ({ code: 1 }));
  if (probe.code !== 0) return cannotRunHere("it needs Debian's python3-grpcio and python3-grpc-tools.");
  await using stubs = await tempFolder();
  const out = ["--python_out", stubs.path, "--grpc_python_out", stubs.path];
  const proto = ["-I", `${root}${protos}`, "chat.proto"];
  const made = await run([python, "-m", "grpc_tools.protoc", ...out, ...proto]);
  assertEquals(made.code, 0, made.stderr);
  const ran = await run([python, `${root}tests/clients/${script}.py`, ...args.map(String)], {
    env: { PYTHONPATH: stubs.path, PYTHONDONTWRITEBYTECODE: "1" },
    ...(stdin !== undefined && { stdin: JSON.stringify(stdin) }),
  });
  assertEquals(ran.code, 0, ran.stderr);
  return JSON.parse(ran.stdout);
}
