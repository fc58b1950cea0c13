import { readdirSync, readFileSync } from "node:fs";
import type { ProcessIdentity } from "./process-record.ts";

/** What one `/proc/PID/stat` says. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly startTicks: number;
  /** It has ended and waits for its parent to take note. */
  readonly zombie: boolean;
}

let boot: string | undefined;

/** Identity of this boot of the machine. */
export function bootId(): string {
  boot ??= readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
  return boot;
}

/** Seconds since boot, as the reaper writes them; not touched by anyone who sets the clock. */
export function uptimeSeconds(): number {
  return Number(readFileSync("/proc/uptime", "latin1").split(" ")[0]);
}

/** Clock ticks a second in `/proc/PID/stat`: 100 on every Linux Node runs on (USER_HZ). */
export const ticksPerSecond = 100;

/** One process, or undefined when it is gone. */
export function processEntry(pid: number): ProcessEntry | undefined {
  try {
    return decodeStat(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return undefined;
  }
}

/** Parse a line of `/proc/PID/stat`; the name may itself contain spaces and brackets. */
export function decodeStat(line: string): ProcessEntry | undefined {
  const open = line.indexOf("(");
  const close = line.lastIndexOf(")");
  if (open < 0 || close < open) return undefined;
  const [state, parent, group, session, ...rest] = line.slice(close + 2).split(" ");
  return {
    pid: Number(line.slice(0, open)),
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    startTicks: Number(rest[15]),
    zombie: state === "Z" || state === "X",
  };
}

/** Does exactly this process still run? A reused pid, another boot and a zombie all count as no. */
export function isAlive(identity: ProcessIdentity): boolean {
  if (identity.bootId !== bootId()) return false;
  const entry = processEntry(identity.pid);
  return entry !== undefined && entry.startTicks === identity.startTicks && !entry.zombie;
}

/** The process that has this pid now, as an identity. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const entry = processEntry(pid);
  return entry && { pid, startTicks: entry.startTicks, bootId: bootId() };
}

/** Every process of the machine that has not ended. */
export function allProcesses(): ProcessEntry[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => processEntry(Number(name)))
    .filter((entry): entry is ProcessEntry => entry !== undefined && !entry.zombie);
}

const interruptBit = 1n << 1n;

/** Does the process ignore SIGINT, so that sending it one is saying nothing? */
export function ignoresInterrupt(pid: number): boolean {
  try {
    const ignored = /^SigIgn:\t([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? "0";
    return (BigInt(`0x${ignored}`) & interruptBit) !== 0n;
  } catch {
    return false;
  }
}
