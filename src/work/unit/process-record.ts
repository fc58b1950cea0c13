import { closeSync, constants, openSync, readSync, writeSync } from "node:fs";
import { lockFile, systemCode } from "#core";
import { type UnitCause, unitCauses } from "../wire.ts";

/**
 * The `process` record of a unit: who runs its command, and how that ended.
 *
 * Four slots of 128 bytes, each a line padded with spaces, written in place once: `reserved FENCE` by the daemon before
 * it hands the unit to a helper, `launch …` by the reaper before the command's first instruction, `exit …` or
 * `failed …` by the reaper when it is over, and `stopping CAUSE` by the helper before it ends the command. In place, because that needs no free block on a full disk; a slot each,
 * because a whole slot in one write is either there or not.
 *
 * The fence decides who may start the command. The reaper takes the file's lock and looks for its own fence; the daemon
 * takes the same lock to move the fence on. Whoever comes second sees that it lost, so a command never runs twice.
 */
export interface ProcessRecord {
  /** The attempt that may start the command; 0 in a void record: nothing may. */
  readonly fence: number;
  readonly launch?: ProcessLaunch;
  readonly end?: ProcessEnd;
  /** Why Farhand was ending it, if it was. */
  readonly stopping?: UnitCause;
}

/** A process that cannot be mistaken for a later one with the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks after boot at which it started (`/proc/PID/stat`, field 22). */
  readonly startTicks: number;
  /** `/proc/sys/kernel/random/boot_id` of the boot it belongs to. */
  readonly bootId: string;
}

/** Written before the command runs. */
export interface ProcessLaunch {
  readonly reaper: ProcessIdentity;
  readonly command: ProcessIdentity;
}

/** Written when the command ended, or could not be started. `uptime` is seconds since boot. */
export type ProcessEnd =
  | { readonly kind: "exit"; readonly uptime: number; readonly waitStatus: number; readonly left: boolean }
  | { readonly kind: "failed"; readonly uptime: number; readonly errno: number; readonly stage: string };

const slotBytes = 128;
const slots = 4;
const stoppingSlot = 3;

function slot(text: string): string {
  return `${text.padEnd(slotBytes - 1)}\n`;
}

/** The bytes of a new record that lets attempt `fence` start the command. */
export function reservedRecord(fence: number): string {
  return slot(`reserved ${fence}`) + slot("").repeat(slots - 1);
}

/** Read what stands in a record. Damaged slots count as not written. */
export function decodeRecord(text: string): ProcessRecord {
  const [first = "", second = "", third = "", fourth = ""] = [0, 1, 2, stoppingSlot].map((n) =>
    text.slice(n * slotBytes, (n + 1) * slotBytes).trim(),
  );
  const fence = /^reserved (\d+)$/.exec(first)?.[1] ?? "0";
  const launch = decodeLaunch(second);
  const end = decodeEnd(third);
  const stopping = decodeStopping(fourth);
  return { fence: Number(fence), ...(launch && { launch }), ...(end && { end }), ...(stopping && { stopping }) };
}

function decodeStopping(line: string): UnitCause | undefined {
  const cause = /^stopping ([A-Z_]+)$/.exec(line)?.[1];
  return cause !== undefined && Object.hasOwn(unitCauses, cause) ? (cause as UnitCause) : undefined;
}

function decodeLaunch(line: string): ProcessLaunch | undefined {
  const found = /^launch \d+ (\d+) (\d+) (\d+) (\d+) ([0-9a-f-]+)$/.exec(line);
  if (!found) return undefined;
  const [, reaperPid, reaperStart, pid, pidStart, bootId = ""] = found;
  return {
    reaper: { pid: Number(reaperPid), startTicks: Number(reaperStart), bootId },
    command: { pid: Number(pid), startTicks: Number(pidStart), bootId },
  };
}

function decodeEnd(line: string): ProcessEnd | undefined {
  const exit = /^exit \d+ ([\d.]+) (\d+) ([01])$/.exec(line);
  if (exit) {
    return { kind: "exit", uptime: Number(exit[1]), waitStatus: Number(exit[2]), left: exit[3] === "1" };
  }
  const failed = /^failed \d+ ([\d.]+) (\d+) (\w+)$/.exec(line);
  if (!failed) return undefined;
  return { kind: "failed", uptime: Number(failed[1]), errno: Number(failed[2]), stage: failed[3] ?? "exec" };
}

/** The record of a unit, or undefined when it has none (a folder made by Receptor, or a damaged one). */
export function readRecord(path: string): ProcessRecord | undefined {
  try {
    // Without waiting: a damaged folder may have anything under this name.
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return readSlots(fd);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function readSlots(fd: number): ProcessRecord {
  const bytes = Buffer.alloc(slots * slotBytes);
  const length = readSync(fd, bytes, 0, bytes.length, null);
  return decodeRecord(bytes.toString("latin1", 0, length));
}

/**
 * Take the right to start away from attempt `from` and give it to attempt `to` (0: to nobody).
 *
 * @returns false when the command was already launched, or another attempt holds the record: then nothing changed.
 */
export async function moveFence(path: string, from: number, to: number): Promise<boolean> {
  const lock = await lockFile(path);
  try {
    const fd = openSync(path, "r+");
    try {
      const record = readSlots(fd);
      if (record.launch || record.fence !== from) return false;
      writeSync(fd, slot(to === 0 ? "void" : `reserved ${to}`), 0, "latin1");
      return true;
    } finally {
      closeSync(fd);
    }
  } finally {
    lock.close();
  }
}

/**
 * Note why the command is about to be ended, so that whoever finds its exit knows, also when there was no room for a status
 * that says so. The first cause stays.
 *
 * @throws the error of the disk.
 */
export function noteStopping(path: string, cause: UnitCause): void {
  const fd = openSync(path, "r+");
  try {
    if (!readSlots(fd).stopping) writeSync(fd, slot(`stopping ${cause}`), stoppingSlot * slotBytes, "latin1");
  } finally {
    closeSync(fd);
  }
}

/** Was a command launched, as far as this record can be read? */
export function hasLaunch(path: string): boolean {
  try {
    return readRecord(path)?.launch !== undefined;
  } catch {
    return false;
  }
}
