import { createHash } from "node:crypto";
import { RemoteError, type JsonObject, type UnitDetails, unitsStatus } from "#fleet";
import type { UnitCause } from "#work/wire";
import type { Call } from "./call.ts";
import { KeyedUnitError } from "./problem.ts";
import type { RouteServices } from "./services.ts";
import { askWorker, submitToWorker } from "./worker-call.ts";

/** Endings of a unit whose command never ran, and never will. */
const neverRan: readonly UnitCause[] = ["NOT_STARTED", "INPUT_FAILED", "STORAGE_FAILED"];
/** So often a payload may break off under one key. */
const maxTries = 16;

/**
 * Submit a unit; under an Idempotency-Key, and without an id of the caller's own, its id is made of the key. So the worker
 * knows it again when the same is asked for after this server had died over it, and makes it once.
 *
 * What is kept of a key is forgotten after a day; the unit is there for as long as the worker keeps it.
 *
 * @throws {KeyedUnitError} it is there, and this is its id. What broke off before it ran is made anew.
 */
export async function submitOnce(
  services: RouteServices,
  call: Call,
  wish: JsonObject,
  payload: AsyncIterable<Uint8Array>,
): Promise<unknown> {
  const key = call.header("idempotency-key");
  if (key === undefined || wish["unit"] !== undefined) return await submitToWorker(services, call, wish, payload);
  for (let tries = 1; ; tries++) {
    const unit = keyedUnit([call.actor, call.worker.id, key, JSON.stringify(call.body), String(tries)]);
    try {
      // A worker that has the unit says so before it takes anything of the payload.
      return await submitToWorker(services, call, { ...wish, unit }, payload);
    } catch (error) {
      const isTaken = error instanceof RemoteError && error.code === "UNIT_TAKEN";
      if (!isTaken) throw error;
      if (tries === maxTries || !(await hasNeverRun(services, call, unit))) throw new KeyedUnitError(unit);
    }
  }
}

async function hasNeverRun(services: RouteServices, call: Call, unit: string): Promise<boolean> {
  const { cause } = (await askWorker(services, call, unitsStatus.name, { unit })) as Partial<UnitDetails>;
  return neverRan.some((one) => one === cause);
}

/** 128 bits, as letters and digits. */
function keyedUnit(parts: readonly string[]): string {
  const hash = createHash("sha256")
    .update(JSON.stringify(["unit of an Idempotency-Key", ...parts]))
    .digest();
  return hash.subarray(0, 16).toString("hex");
}
