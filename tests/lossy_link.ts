/** A link between two network namespaces that loses packets in both directions. It needs root, and a kernel that has them. */
import { run } from "./harness.ts";

/** A link. */
export interface LossyLink extends AsyncDisposable {
  /** What runs a program at the far end. */
  readonly wrap: string[];
  /** The far end's address. */
  readonly host: string;
  /** How many packets were lost on their way to the far end. */
  lost(): Promise<number>;
}

/** Makes a link that loses this share of all packets; gives what is in the way instead if it cannot. */
export async function lossyLink(share: number): Promise<LossyLink | string> {
  const id = crypto.randomUUID().slice(0, 6);
  const [name, near, there] = [`far-${id}`, `near${id}`, `there${id}`];
  // Of those that are for trying out networks (RFC 2544), where nobody else is.
  const net = `198.18.${number(256)}.${4 * number(64)}`;
  const [nearHost, host] = [1, 2].map((i) => net.replace(/\d+$/, (last) => String(Number(last) + i)));
  const inside = ["ip", "netns", "exec", name];
  const remove = () => run(["ip", "netns", "del", name]);
  const steps = [
    ["ip", "netns", "add", name],
    ["ip", "link", "add", near, "type", "veth", "peer", "name", there, "netns", name],
    ["ip", "addr", "add", `${nearHost}/30`, "dev", near],
    ["ip", "link", "set", near, "up"],
    ["ip", "-n", name, "addr", "add", `${host}/30`, "dev", there],
    ["ip", "-n", name, "link", "set", there, "up"],
    ["ip", "-n", name, "link", "set", "lo", "up"],
    ...losing(near, share),
    ...losing(there, share).map((step) => [...inside, ...step]),
  ];
  for (const step of steps) {
    const { code, stderr } = await run(step).catch((error) => ({ code: 1, stderr: String(error) }));
    if (code === 0) continue;
    await remove().catch(() => {});
    return `${step.join(" ")}: ${stderr.trim()}`;
  }
  return {
    wrap: inside,
    host: host ?? "",
    lost: async () => {
      const { stdout } = await run(["tc", "-s", "-j", "qdisc", "show", "dev", near, "clsact"]);
      const [{ drops }]: [{ drops: number }] = JSON.parse(stdout);
      return drops;
    },
    [Symbol.asyncDispose]: async () => void await remove(),
  };
}

/**
 * Loses a share of what goes out of a device. By a program for classic BPF, because few kernels are built with netem:
 * a random number of 32 bits, and 2 (shot) if it is below the share, else 0 (ok).
 */
function losing(device: string, share: number): string[][] {
  const random = 0xfffff000 + 56;
  const program = `4,32 0 0 ${random},53 1 0 ${Math.round(share * 2 ** 32)},6 0 0 2,6 0 0 0`;
  return [
    ["tc", "qdisc", "add", "dev", device, "clsact"],
    ["tc", "filter", "add", "dev", device, "egress", "bpf", "da", "bytecode", program],
  ];
}

function number(below: number): number {
  return Math.floor(Math.random() * below);
}
