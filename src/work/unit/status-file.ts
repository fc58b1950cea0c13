import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { lockFile } from "#core";
import { unitCauses, type UnitStatus } from "../wire.ts";
import { flushFile } from "./flush.ts";
import type { UnitFolder } from "./unit-folder.ts";

/** Larger status files are damaged or hostile: ours are under 1 KiB plus params, and params come in one request line. */
const maxStatusBytes = 32 * 1024 * 1024;

/** One line of JSON in Receptor's key order, our own fields behind (spec §2.2). */
export function encodeStatus(status: UnitStatus): string {
  const { State, Detail, StdoutSize, WorkType, ExtraData, ...own } = status;
  return `${JSON.stringify({ State, Detail, StdoutSize, WorkType, ExtraData, ...own })}\n`;
}

/**
 * Read a status line written by us, by Receptor or by a plugin runner. Unknown fields are kept.
 *
 * @throws {SyntaxError | TypeError} when it is not a status; the message names the field.
 */
export function decodeStatus(text: string): UnitStatus {
  if (text.length > maxStatusBytes) throw new TypeError("status is too large");
  const value: unknown = JSON.parse(text, mayHoldHuge.test(text) ? refuseHuge : undefined);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new TypeError("status is no object");
  const status = { Detail: "", StdoutSize: 0, ExtraData: null, ...value } as Record<string, unknown>;
  expectField(status, "State", isCount);
  expectField(status, "Detail", isText);
  expectField(status, "StdoutSize", isCount);
  expectField(status, "WorkType", isText);
  return dropDamaged(status) as unknown as UnitStatus;
}

/** A number beyond a double would be read as Infinity, and written back as null. Receptor refuses it too. */
const mayHoldHuge = /\de\+?\d{3}|\d{309}/i;

function refuseHuge(field: string, value: unknown): unknown {
  if (value === Infinity || value === -Infinity)
    throw new TypeError(`number in field ${field} of the status is too large`);
  return value;
}

function expectField(status: Record<string, unknown>, field: string, test: (value: unknown) => boolean): void {
  if (!test(status[field])) throw new TypeError(`field ${field} of the status is missing or not valid`);
}

const isText = (value: unknown): boolean => typeof value === "string";
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isTime = (value: unknown): boolean => isText(value) && !Number.isNaN(Date.parse(value as string));

const ownFields: Record<string, (value: unknown) => boolean> = {
  ExitCode: isCount,
  Signal: isText,
  CoreDumped: (value) => typeof value === "boolean",
  Cause: (value) => isText(value) && Object.hasOwn(unitCauses, value as string),
  Stopping: (value) => isText(value) && Object.hasOwn(unitCauses, value as string),
  CreatedAt: isTime,
  StartedAt: isTime,
  FinishedAt: isTime,
  StdoutSha256: (value) => isText(value) && /^[0-9a-f]{64}$/.test(value as string),
  RunSeconds: (value) => typeof value === "number" && value >= 0,
  Reaped: isCount,
  LeftRunning: isCount,
  Queued: (value) => typeof value === "boolean",
  Stalled: isText,
  Order: (value) => hasFields(value, { TokenSha256: isText, ParamsSha256: isText, Bytes: isCount, Sha256: isText }),
  Twin: (value) => hasFields(value, { Token: isText }),
  Watch: (value) => hasFields(value, { Watcher: isText, Folder: isText, File: isText, Version: isText }),
  RequestedBy: (value) =>
    hasFields(value, { User: isText, Level: isText }) && Object.values(value as object).every(isText),
  Asked: (value) => hasFields(value, {}) && Object.values(value as object).every(isText),
  Attempt: isCount,
  Loop: (value) => hasFields(value, { Fence: isCount }),
};

function hasFields(value: unknown, fields: Record<string, (value: unknown) => boolean>): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(fields).every(([field, valid]) => valid((value as Record<string, unknown>)[field]));
}

/** Our own fields are extras: a damaged one is left out rather than making the unit unreadable. */
function dropDamaged(status: Record<string, unknown>): Record<string, unknown> {
  for (const [field, valid] of Object.entries(ownFields)) {
    if (field in status && !valid(status[field])) delete status[field];
  }
  return status;
}

/** @throws system errors, and those of {@link decodeStatus}. */
export function readStatus(folder: UnitFolder): UnitStatus {
  // Looked at first: what is no plain file could keep us waiting, and what is too large could fill our memory.
  const found = statSync(folder.status);
  if (!found.isFile()) throw new TypeError("status is no plain file");
  if (found.size > maxStatusBytes) throw new TypeError("status is too large");
  return decodeStatus(readFileSync(folder.status, "utf8"));
}

/**
 * Change a status so that no reader ever sees half of it and no writer's change is lost: lock, read again, write a new
 * file, rename over the old one.
 *
 * @param change gets what stands on disk now, or undefined when that cannot be read.
 * @returns what was written.
 */
export async function updateStatus(
  folder: UnitFolder,
  change: (now: UnitStatus | undefined) => UnitStatus,
  { durable = false } = {},
): Promise<UnitStatus> {
  const lock = await lockFile(folder.statusLock);
  try {
    const next = change(readableStatus(folder));
    await replaceFile(folder.status, encodeStatus(next), durable);
    return next;
  } finally {
    lock.close();
  }
}

/** The status, or undefined when it is missing or damaged. */
export function readableStatus(folder: UnitFolder): UnitStatus | undefined {
  try {
    return readStatus(folder);
  } catch {
    return undefined;
  }
}

/** Small files are written synchronously: five times cheaper than by the thread pool. Only the flush to disk waits. */
async function replaceFile(path: string, text: string, durable: boolean): Promise<void> {
  const next = `${path}.new`;
  const fd = openSync(next, "w", 0o600);
  try {
    // All of it or an error: on a disk that is nearly full, a single write may take a part and call it done.
    writeFileSync(fd, text);
    if (durable) await flushFile(fd);
  } catch (error) {
    rmSync(next, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
  renameSync(next, path);
}
