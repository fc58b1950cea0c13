/**
 * What daemon and helper say to each other: one JSON object a line, over a Unix socket in the node's private folder.
 *
 * The daemon orders, the helper reports statuses. Nothing here needs an answer to be safe: the unit's folder holds the
 * truth, and either side finds it there when the other is gone.
 */
import type { UseLimits } from "../settings.ts";
import type { UnitCause, UnitStatus } from "../wire.ts";

/** How a unit is watched over while its command runs. Times in milliseconds, sizes in bytes. */
export interface Minding extends UseLimits {
  /** A `plugin` runner keeps the status file itself (spec §2.6); a `command` does not know it exists; a `tool` has a log, whose end is told. */
  readonly runner: "command" | "plugin" | "tool";
  /** Name of the program, for the text of a failed start. */
  readonly command: string;
  readonly cancelGraceMs: number;
  readonly maxRunMs?: number;
  readonly maxOutputBytes?: number;
}

/** What the launcher needs to become the command. */
export interface Launch {
  readonly argv: readonly string[];
  /** File in the unit folder that takes stdout and stderr. */
  readonly output: "stdout" | "runner.log";
  readonly cwd?: string;
  readonly user?: { readonly uid: number; readonly gid: number; readonly groups: readonly number[] };
  readonly envAllow?: readonly string[];
  /** Of a tool: its stdin is this text and not the payload, and its stderr is the log of the unit. No NUL, at most 64 KiB. */
  readonly order?: string;
}

/** The first line of a connection. The token proves that the caller may read the node's private folder. */
export interface Hello {
  readonly kind: "hello";
  readonly token: string;
  /** Environment that commands inherit: the daemon's own. */
  readonly env: Readonly<Record<string, string>>;
}

export type Order =
  | Hello
  | { kind: "start"; unit: string; fence: number; launch: Launch; minding: Minding; status: UnitStatus }
  | { kind: "adopt"; unit: string; minding: Minding; status: UnitStatus }
  | { kind: "stop"; unit: string; cause: UnitCause }
  /** Say that you are there. */
  | { kind: "ping" }
  /** Take no more units and exit when the last one is over. */
  | { kind: "drain" };

export type Report =
  /** Answer to hello: the units this helper minds. */
  | { kind: "welcome"; units: readonly string[] }
  | { kind: "pong" }
  /** A unit's status changed; a final one is the last word. */
  | { kind: "status"; unit: string; status: UnitStatus }
  /** Another attempt owns the unit; this helper did nothing and forgets it. */
  | { kind: "refused"; unit: string; fence: number };

/** Read one message. What was broken off, because its writer was killed in the middle of it, is none. */
export function decodeMessage(line: string): Order | Report | undefined {
  try {
    return JSON.parse(line) as Order | Report;
  } catch {
    return undefined;
  }
}

/** Whether a message has the form of a report: what is none comes from no helper of ours. */
export function isReport(message: object | undefined): message is Report {
  const { kind, unit, units, status, fence } = (message ?? {}) as Readonly<Record<string, unknown>>;
  if (kind === "pong") return true;
  if (kind === "welcome") return Array.isArray(units) && units.every((id) => typeof id === "string");
  if (typeof unit !== "string") return false;
  if (kind === "refused") return typeof fence === "number";
  return kind === "status" && typeof (status as Partial<UnitStatus> | null | undefined)?.State === "number";
}

/** Write one message. */
export function encodeMessage(message: Order | Report): string {
  return `${JSON.stringify(message)}\n`;
}
