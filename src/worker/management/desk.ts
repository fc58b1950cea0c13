import { randomUUID } from "node:crypto";
import type { Log } from "#core";
import {
  apiVersion,
  type Aside,
  dispatch,
  type Fault,
  includesLevel,
  type JsonObject,
  type MethodTable,
  type Outcome,
} from "#fleet";
import { WorkerError, workerErrors } from "../errors.ts";
import { type Access, type Admitted, refusalText } from "./access.ts";
import type { Visitor } from "./visitor.ts";

/** A call as any of this worker's carriers has read it. */
export interface Asked {
  readonly method: string;
  readonly params: JsonObject;
  /** Fires when the visitor is gone. */
  readonly signal: AbortSignal;
  /** Makes room for another call while this one only waits. */
  readonly aside?: Aside;
}

/** These are answered whatever version the other side has (CAT-20). */
const everyVersion = ["hello", "worker.status"];

/** Where the calls of all carriers come together: who asks, may they, and what is said to them (CAT-13). */
export class Desk {
  readonly #table: MethodTable;
  readonly #access: Pick<Access, "admit">;
  readonly #log: Log;

  constructor(table: MethodTable, access: Pick<Access, "admit">, log: Log) {
    this.#table = table;
    this.#access = access;
    this.#log = log;
  }

  /** Never throws. */
  async answer({ method, params, signal, aside }: Asked, visitor: Visitor): Promise<Outcome> {
    const unfit = versionFault(method, visitor);
    if (unfit) return { fault: unfit };
    const admitted = this.#access.admit(visitor);
    const id = randomUUID();
    const outcome = await dispatch(this.#table, { id, method, params, signal, aside }, admitted.caller, this.#log);
    this.#note(id, method, admitted, outcome);
    return "fault" in outcome ? { fault: explained(outcome.fault, method, admitted) } : outcome;
  }

  /** Everything that changed something stands in the log with who wanted it (CAT-63). */
  #note(id: string, method: string, { caller }: Admitted, outcome: Outcome): void {
    if (!this.#table.get(method)?.method.changes) return;
    const { name, carrier, session } = caller;
    const verdict = "fault" in outcome ? outcome.fault.code : "done";
    this.#log.info(`management: ${method}`, { id, caller: name, carrier, ...(session && { session }), verdict });
  }
}

function versionFault(method: string, { peerMajor }: Visitor): Fault | undefined {
  if (peerMajor === undefined || peerMajor === apiVersion.major || everyVersion.includes(method)) return undefined;
  const message =
    `this worker speaks version ${apiVersion.major}.${apiVersion.minor} of its API and you speak ${peerMajor}: ` +
    `only ${everyVersion.join(" and ")} are answered; use a manager of the worker's version`;
  return faultOfError(new WorkerError("API_UNFIT", message));
}

/** A refusal says by which rule and who can change it; a stranger learns nothing else, not even what methods there are. */
function explained(fault: Fault, method: string, { caller, verdict }: Admitted): Fault {
  // Who shows a helper's token is known, and wants too much (CAT-86): no login would help.
  if (isHelper(caller.visitor) && ["LEVEL_TOO_LOW", "METHOD_UNKNOWN"].includes(fault.code))
    return { code: "LEVEL_TOO_LOW", message: refusalText(method, verdict), status: 403 };
  const isRefusal = fault.code === "LEVEL_TOO_LOW";
  if (!includesLevel(caller.level, "monitor") && (isRefusal || fault.code === "METHOD_UNKNOWN"))
    return faultOfError(new WorkerError("LOGIN_NEEDED", refusalText(method, verdict)));
  if (!isRefusal) return fault;
  return { ...fault, message: `${fault.message}: ${refusalText(method, verdict)}` };
}

function isHelper({ carrier, helper }: Visitor): boolean {
  return carrier === "helper-socket" || helper !== undefined;
}

/** What callers are told of an error of ours. */
export function faultOfError({ code, message }: WorkerError): Fault {
  const { status } = workerErrors[code as keyof typeof workerErrors];
  return { code, message, status };
}
