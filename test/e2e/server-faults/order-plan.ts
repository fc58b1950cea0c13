import { createHash } from "node:crypto";
import { type PlannedUnit, planUnits } from "../faults/plan.ts";

/** One thing a user wants done, once, on one worker; it may take several units until one of them begins. */
export interface PlannedOrder extends PlannedUnit {
  readonly worker: string;
  readonly payload: Buffer;
}

/** Orders of every kind, in an order that follows from the seed. */
export function planOrders(count: number, workers: readonly string[], random: () => number): PlannedOrder[] {
  return planUnits(count, random).map((unit) => ({
    ...unit,
    // A hundred megabytes are for the test of one node: here faults are to come between many units.
    kind: unit.kind === "big" ? "chatty" : unit.kind,
    worker: workers[Math.floor(random() * workers.length)] ?? "",
    payload: payloadOf(unit.seed, random() < 0.2 ? Math.floor(random() * 600_000) : Math.floor(random() * 100)),
  }));
}

/** Bytes that nobody could take for others. */
function payloadOf(seed: number, bytes: number): Buffer {
  const piece = createHash("sha512").update(String(seed)).digest();
  return Buffer.alloc(bytes, piece);
}
