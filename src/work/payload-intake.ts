import { truncateSync } from "node:fs";
import { errorText, systemCode } from "#core";
import { WorkError } from "./errors.ts";
import { awaitsInput } from "./new-unit.ts";
import type { Ending } from "./unit/ending.ts";
import { storePayload } from "./unit/payload.ts";
import type { Unit } from "./unit/unit.ts";
import { UnitState } from "./wire.ts";

/**
 * Take the payload. When it breaks off, the unit fails and nothing is started; one that was ended meanwhile stays as it is.
 *
 * @param end ends the unit, if nothing else did.
 * @throws {WorkError} `PAYLOAD_FAILED`, `STORAGE_FAILED`.
 */
export async function receivePayload(
  unit: Unit,
  payload: AsyncIterable<Uint8Array>,
  end: (ending: Ending) => Promise<unknown>,
): Promise<void> {
  if (!unit.isFinal) unit.set({ ...unit.status, Detail: awaitsInput });
  try {
    await storePayload(unit.folder.stdin, payload);
  } catch (error) {
    const Detail = `Error reading input data: ${errorText(error)}`;
    const isDisk = isStorageFault(error);
    await end({ State: UnitState.Failed, Detail, Cause: isDisk ? "STORAGE_FAILED" : "INPUT_FAILED" });
    throw new WorkError(isDisk ? "STORAGE_FAILED" : "PAYLOAD_FAILED", Detail, { cause: error });
  }
}

/**
 * Take the payload of a unit that waits for it, anew when some of it was there. When it breaks off the unit waits on.
 *
 * @returns its bytes. @throws what the source throws, and {@link WorkError} `STORAGE_FAILED` when the disk does not take it.
 */
export async function redeliverPayload(unit: Unit, payload: AsyncIterable<Uint8Array>): Promise<number> {
  try {
    truncateSync(unit.folder.stdin);
    return await storePayload(unit.folder.stdin, payload);
  } catch (error) {
    if (!isStorageFault(error)) throw error;
    throw new WorkError("STORAGE_FAILED", `the payload cannot be stored: ${errorText(error)}`, { cause: error });
  }
}

/** Whether the disk is at fault, not who sent. */
function isStorageFault(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT", "EFBIG", "EROFS", "EIO", "EACCES", "ENOENT", "EMFILE", "ENFILE"].includes(
    systemCode(error) ?? "",
  );
}
