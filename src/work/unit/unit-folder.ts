import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { reservedRecord } from "./process-record.ts";
import { encodeStatus } from "./status-file.ts";
import type { UnitStatus } from "../wire.ts";

/** Where the files of one unit are (spec §2.1; `process` and `runner.log` are Farhand's own). */
export interface UnitFolder {
  readonly dir: string;
  readonly status: string;
  readonly statusLock: string;
  /** The payload, whole before anything starts. */
  readonly stdin: string;
  /** What the command wrote, stdout and stderr interleaved. */
  readonly stdout: string;
  /** Who runs the command and how it ended; see process-record.ts. */
  readonly process: string;
  /** What a plugin runner or a tool said of its work, or a run loop of its task. */
  readonly log: string;
}

/** Paths only; nothing is looked at. */
export function unitFolder(unitsDir: string, id: string): UnitFolder {
  const dir = join(unitsDir, id);
  return {
    dir,
    status: join(dir, "status"),
    statusLock: join(dir, "status.lock"),
    stdin: join(dir, "stdin"),
    stdout: join(dir, "stdout"),
    process: join(dir, "process"),
    log: join(dir, "runner.log"),
  };
}

/**
 * Make the folder of a new unit: first status, empty payload, reserved process record.
 *
 * It is made at `draft` and moved into place whole, so that a daemon that dies meanwhile leaves no half a unit.
 *
 * @throws the system error; then nothing is left behind (`EEXIST` or `ENOTEMPTY`: the id is taken).
 */
export function createUnitFolder(folder: UnitFolder, draft: string, status: UnitStatus): void {
  mkdirSync(draft, { mode: 0o700 });
  try {
    const at = (path: string) => join(draft, basename(path));
    writeFileSync(at(folder.status), encodeStatus(status), { mode: 0o600 });
    writeFileSync(at(folder.process), reservedRecord(1), { mode: 0o600 });
    writeFileSync(at(folder.stdin), "", { mode: 0o600 });
    renameSync(draft, folder.dir);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw error;
  }
}
