/** The tutorial's own design in Python. */
import { cached, here } from "../cache.ts";
import { listening, serving } from "./peer_deno.ts";
import { Missing, type Peer, type Server } from "./peer.ts";
import { output, start } from "../process.ts";

/** FastAPI before grpcio with ten threads. */
export const tutorial: Peer = {
  name: "tutorial",
  label: "the tutorial's design",
  door: "tutorial",
  prepare: async () => {
    const python = await findPython();
    await Deno.mkdir(stubs(), { recursive: true });
    const args = [
      "-I",
      here("peers/tutorial"),
      "--python_out",
      stubs(),
      "--grpc_python_out",
      stubs(),
      "chat.proto",
    ];
    if (await output(python, ["-m", "grpc_tools.protoc", ...args]) === undefined) throw new Missing(needs);
    const versions = "import fastapi, grpc, platform, uvicorn, websockets; " +
      "print('Python', platform.python_version() + ', FastAPI', fastapi.__version__ + ', grpcio', grpc.__version__)";
    return await output(python, ["-c", versions]) ?? "";
  },
  start: async (): Promise<Server> => {
    const python = await findPython();
    const env = { PYTHONPATH: stubs(), PYTHONDONTWRITEBYTECODE: "1" };
    const service = await start(python, {
      args: [here("peers/tutorial/grpc_server.py")],
      env,
      until: listening,
    });
    try {
      const web = serving(
        await start(python, {
          args: [here("peers/tutorial/web_server.py")],
          env: { ...env, CHAT_ADDRESS: `127.0.0.1:${service.said}` },
          until: listening,
        }),
      );
      return {
        port: web.port,
        pids: () => [...web.pids(), ...service.pids()],
        [Symbol.asyncDispose]: async () => {
          await web.end();
          await service.end();
        },
      };
    } catch (error) {
      await service.end();
      throw error;
    }
  },
};

const needs = "it needs Debian's python3-fastapi, python3-uvicorn, python3-websockets, python3-grpcio and " +
  "python3-grpc-tools";

function stubs(): string {
  return cached("tutorial");
}

/** Debian's packages are for Debian's Python, which another one may hide. */
async function findPython(): Promise<string> {
  for (const python of ["/usr/bin/python3", "python3"]) {
    const all = ["-c", "import fastapi, uvicorn, websockets, grpc, grpc_tools.protoc"];
    if (await output(python, all) !== undefined) return python;
  }
  throw new Missing(needs);
}
