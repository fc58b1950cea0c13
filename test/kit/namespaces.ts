import { spawnSync } from "node:child_process";
import { describe } from "vitest";
import { isRunning, type Output, runProcess } from "./processes.ts";

/** Hosts with networks of their own, on this kernel, and the cables between them. At the end of its scope all are gone. */
export interface Network extends AsyncDisposable {
  /** A host with nothing but its loopback. */
  host(): Promise<Host>;
  /** Join two hosts. Each cable is a network apart; nothing is passed on between them. */
  cable(left: Host, right: Host): Promise<Cable>;
}

/** A network namespace. The files and processes of the machine are all there, its networks are not. */
export interface Host {
  /** Words to put before a command that is to run there. */
  readonly words: readonly string[];
  /** Run a command there to its end. */
  run(command: string, ...args: string[]): Promise<Output>;
}

/** A cable between two hosts, each with an address on it. */
export interface Cable {
  /** Addresses of the hosts, in the order they were named. */
  readonly addresses: readonly [left: string, right: string];
  /** Pull it out: both ends notice that there is no link. */
  cut(): Promise<void>;
  /** Lose every packet in both directions, while both ends go on believing in the link. */
  silence(): Promise<void>;
  /** Make it a bad one. */
  worsen(faults: CableFaults): Promise<void>;
  /** Put everything right again. */
  heal(): Promise<void>;
}

/** What a bad cable does, in each direction. */
export interface CableFaults {
  /** Share of packets that are lost, 0 to 1. */
  readonly loss?: number;
  /** Share of packets that others overtake, 0 to 1. */
  readonly overtaken?: number;
  /** How much goes through, megabits a second. */
  readonly megabits?: number;
}

/** Nobody else's namespaces begin like this. */
const prefix = "farhand";
/** The device of a cable at each of its ends is called after the cable. */
const deviceOf = (cable: number) => `cable${cable}`;

/** Whether this machine lets us make networks: that takes root, and iproute2. */
export const canMakeNetworks = tryNamespace();

function tryNamespace(): boolean {
  const name = `${prefix}-${process.pid}-probe`;
  const works = (...args: string[]) => spawnSync("ip", ["netns", ...args, name], { stdio: "ignore" }).status === 0;
  return process.getuid?.() === 0 && works("add") && works("del");
}

/** `describe` for tests that need networks of their own. Where they cannot be made they are skipped, and named as such. */
export function describeWithNamespaces(name: string, tests: () => void): void {
  describe.skipIf(!canMakeNetworks)(`${name} (in network namespaces, as root)`, tests);
}

/** A network without hosts. What runs that were killed have left behind is removed first. @throws unless we are root. */
export async function openNetwork(): Promise<Network> {
  if (process.getuid?.() !== 0) throw new Error("network namespaces can be made by root only: run these tests as root");
  for (const left of await leftBehind()) await remove(left);
  const names: string[] = [];
  let cables = 0;
  return {
    host: async () => {
      const name = `${prefix}-${process.pid}-${serial++}`;
      await ip("netns", "add", name);
      names.push(name);
      await ip("-n", name, "link", "set", "lo", "up");
      return new Namespace(name);
    },
    cable: async (left, right) => await layCable(++cables, nameOf(left), nameOf(right)),
    [Symbol.asyncDispose]: async () => {
      for (const name of names) await remove(name);
    },
  };
}

let serial = 0;

class Namespace implements Host {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  get words(): readonly string[] {
    return ["ip", "netns", "exec", this.name];
  }

  run(command: string, ...args: string[]): Promise<Output> {
    return runProcess("ip", ["netns", "exec", this.name, command, ...args]);
  }
}

function nameOf(host: Host): string {
  if (!(host instanceof Namespace)) throw new Error("not a host of this network");
  return host.name;
}

async function layCable(number: number, left: string, right: string): Promise<Cable> {
  const device = deviceOf(number);
  const addresses = [`10.77.${number}.1`, `10.77.${number}.2`] as const;
  const ends = [left, right];
  await ip("-n", left, "link", "add", device, "type", "veth", "peer", "name", device, "netns", right);
  for (const [at, end] of ends.entries()) {
    await ip("-n", end, "address", "add", `${addresses[at]}/30`, "dev", device);
    await ip("-n", end, "link", "set", device, "up");
  }
  return {
    addresses,
    cut: () => ip("-n", left, "link", "set", device, "down"),
    silence: async () => {
      for (const end of ends) await lose(end, device, 1);
    },
    worsen: async ({ loss, overtaken, megabits }) => {
      for (const end of ends) {
        if (loss !== undefined) await lose(end, device, loss);
        if (overtaken !== undefined || megabits !== undefined) await slow(end, device, overtaken ?? 0, megabits);
      }
    },
    heal: async () => {
      for (const end of ends) for (const kind of ["clsact", "root"]) await forget(end, device, kind);
      await ip("-n", left, "link", "set", device, "up");
      // Who asked in vain for the other's hardware address would ask again after a second at the earliest.
      for (const end of ends) await ip("-n", end, "neighbour", "flush", "dev", device);
    },
  };
}

// Not every kernel has tc's netem, so packets are chosen by the packet filter that every kernel has.

/** Drop this share of what leaves. */
async function lose(end: string, device: string, share: number): Promise<void> {
  const [drop, pass] = [2, 0xffff_ffff];
  await tc("-n", end, "qdisc", "replace", "dev", device, "clsact");
  const filter = ["filter", "replace", "dev", device, "egress", "prio", "1", "handle", "1"];
  await tc("-n", end, ...filter, "bpf", "da", "bytecode", atRandom(share, drop, pass));
}

/** Send at this rate, and hold this share up in a queue of its own. */
async function slow(end: string, device: string, share: number, megabits = 10_000): Promise<void> {
  const [queues, straight, late] = ["1:", 0x1_0001, 0x1_0002];
  const add = (...words: string[]) => tc("-n", end, "class", "replace", "dev", device, "parent", queues, ...words);
  await tc("-n", end, "qdisc", "replace", "dev", device, "root", "handle", queues, "htb", "default", "1");
  await add("classid", "1:1", "htb", "rate", `${megabits}mbit`, "quantum", "60000");
  await add("classid", "1:2", "htb", "rate", `${Math.max(1, megabits * share * 0.5)}mbit`, "quantum", "2000");
  const filter = ["filter", "replace", "dev", device, "parent", queues, "prio", "1", "handle", "1"];
  await tc("-n", end, ...filter, "bpf", "bytecode", atRandom(share, late, straight));
}

/** Code for the kernel's packet filter that answers `chosen` for this share of packets and `other` for the rest. */
function atRandom(share: number, chosen: number, other: number): string {
  if (share >= 1) return `1,6 0 0 ${chosen}`;
  const limit = Math.floor(share * 2 ** 32);
  // Load a random number; jump over one unless it is below the limit; return.
  return `4,32 0 0 4294963256,53 1 0 ${limit},6 0 0 ${chosen},6 0 0 ${other}`;
}

async function forget(end: string, device: string, kind: string): Promise<void> {
  // There may be none.
  await runProcess("tc", ["-n", end, "qdisc", "del", "dev", device, kind]);
}

/** Namespaces of runs whose process is gone. */
async function leftBehind(): Promise<string[]> {
  const { stdout } = await runProcess("ip", ["netns", "list"]);
  return stdout.split("\n").flatMap((line) => {
    const [, name, pid] = new RegExp(`^(${prefix}-(\\d+)-\\w+)`).exec(line) ?? [];
    return name !== undefined && !isRunning(Number(pid)) ? [name] : [];
  });
}

/** End what still runs there, daemons and what outlives them, and remove it with its ends of cables. */
async function remove(name: string): Promise<void> {
  const { stdout } = await runProcess("ip", ["netns", "pids", name]);
  for (const pid of stdout.split("\n").filter((line) => line !== "")) {
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch {
      // It ended by itself meanwhile.
    }
  }
  // Two runs may clear up behind a third at once.
  await runProcess("ip", ["netns", "del", name]);
}

const ip = (...args: string[]) => succeed("ip", args);
const tc = (...args: string[]) => succeed("tc", args);

async function succeed(command: string, args: string[]): Promise<void> {
  const { code, stderr } = await runProcess(command, args);
  if (code !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr}`);
}
