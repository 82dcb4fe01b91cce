/**
 * Generates what the code needs from the .proto files: TypeScript types, and the FileDescriptorSet that
 * the server loads and reflects. `deno task proto` writes protos/gen; a test compares it with a fresh run.
 */
const protos = new URL("./", import.meta.url);

const typesOptions = [
  "--longs=Number",
  "--enums=String",
  "--defaults",
  "--oneofs",
  "--grpcLib=@grpc/grpc-js",
  "--targetFileExtension=.ts",
  "--importFileExtension=.ts",
];

/** Writes the generated files into `folder`, which is emptied first. */
export async function generate(folder: string): Promise<void> {
  await Deno.remove(folder, { recursive: true }).catch(ignoreMissing);
  await Deno.mkdir(folder, { recursive: true });
  const types = "npm:@grpc/proto-loader@0.8.1/proto-loader-gen-types";
  await deno([types, ...typesOptions, "-O", folder, "chat.proto"]);
  await deno([
    "--config=../tests/tools/deno.json",
    "npm:@bufbuild/buf@1.74.0/buf",
    "build",
    "-o",
    `${folder}/descriptors.binpb`,
    "--as-file-descriptor-set",
    "--exclude-source-info",
  ]);
}

async function deno(args: string[]): Promise<void> {
  const command = new Deno.Command(Deno.execPath(), { args: ["run", "-q", "-A", ...args], cwd: protos });
  const { success, stderr } = await command.output();
  if (!success) throw new Error(`Cannot generate code: ${new TextDecoder().decode(stderr)}`);
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

if (import.meta.main) await generate(new URL("gen", protos).pathname);
