import { join } from "node:path";
import { errorText, type FileLock, makeFolders, tryLockFile } from "#core";
import { WorkError } from "./errors.ts";
import { Units } from "./units.ts";
import type { UnitsOptions } from "./units-options.ts";

/**
 * Open the units of a node: lock its folder, find helpers and units again, reconcile.
 *
 * @throws {WorkError} `DATA_DIR_IN_USE`, `STORAGE_FAILED`, `WORK_TYPE_TAKEN`.
 */
export async function openUnits(options: UnitsOptions): Promise<Units> {
  const privateDir = join(options.dataDir, ".farhand", options.nodeId);
  let lock: FileLock | undefined;
  try {
    makeFolders(join(options.dataDir, options.nodeId), 0o700);
    makeFolders(privateDir, 0o700);
    lock = tryLockFile(join(privateDir, "daemon.lock"));
  } catch (error) {
    const message = `data folder ${options.dataDir} cannot be used: ${errorText(error)}`;
    throw new WorkError("STORAGE_FAILED", message, { cause: error });
  }
  if (!lock) {
    throw new WorkError("DATA_DIR_IN_USE", `another daemon runs node ${options.nodeId} in ${options.dataDir}`);
  }
  try {
    const units = new Units(options, lock, privateDir);
    await units.load();
    return units;
  } catch (error) {
    lock.close();
    throw error;
  }
}
