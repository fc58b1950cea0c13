import { type Caller, type Fault, includesLevel, type Level, lowerLevel } from "#fleet";
import { WorkerError, workerErrors } from "../errors.ts";

/** The worker's own second factor, as far as askers need it (CAT-70). */
export interface FactorGate {
  readonly isSet: boolean;
  isOpenFor(session: string): boolean;
  end(session: string): void;
}

/** Most that a hardened worker gives to who has not shown a code of its own. */
const mostWithout: Level = "operate";

/** Somebody who asks, and what they would have with the worker's own factor. */
export interface Asking extends Caller {
  readonly withFactor?: Level;
}

/** The same caller with no more than a hardened worker gives without a code. */
export function hardened(caller: Caller, gate: FactorGate | undefined): Asking {
  if (!gate?.isSet || gate.isOpenFor(caller.session ?? "")) return caller;
  return { ...caller, level: lowerLevel(caller.level, mostWithout), withFactor: caller.level };
}

/** What is said in place of "your level is too low" to somebody who lacks nothing but the code; else undefined. */
export function factorNeeded({ level, withFactor }: Asking, needed: Level, method: string): WorkerError | undefined {
  if (withFactor === undefined || includesLevel(level, needed) || !includesLevel(withFactor, needed)) return undefined;
  const how = "show one with `farhand workers unlock`; who sits at its machine can change it: `farhand worker harden`";
  return new WorkerError("WORKER_FACTOR_NEEDED", `${method} on this worker needs a code of its own (CAT-70): ${how}`);
}

/** As a fault that goes over the wire. */
export function faultOfFactor({ message }: WorkerError): Fault {
  return { code: "WORKER_FACTOR_NEEDED", message, status: workerErrors.WORKER_FACTOR_NEEDED.status };
}
