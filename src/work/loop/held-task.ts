import type { LoopSettings } from "../settings.ts";
import { outputSize } from "../unit/output.ts";
import type { Unit } from "../unit/unit.ts";
import type { LoopResult, UnitCause } from "../wire.ts";
import { LoopOutput } from "./loop-output.ts";
import type { Lease } from "./task-list.ts";

/** What a helper has to know of one task. */
export interface LoopTask {
  readonly unit: string;
  readonly workType: string;
  /** Those of the type and of the submitter, one text. */
  readonly params: string;
  /** 1 for the first. */
  readonly attempt: number;
  readonly fence: number;
  readonly leaseMs: number;
  readonly payloadBytes: number;
  /** As much of this attempt's output is on record. */
  readonly outputBytes: number;
}

/** Who says something, and of what. */
export interface Claim {
  readonly helper: string;
  readonly unit: string;
  readonly fence: number;
}

/** What a helper is to do with a task it spoke of. `shutdown`: end it, and take no other. */
export type Word = "continue" | "cancel" | "shutdown";

/** What the helper of a task is told of it. */
export function taskOf({ unit, type, lease, output }: HeldTask): LoopTask {
  const { ExtraData, Attempt = 1 } = unit.status;
  const { Params } = (ExtraData ?? {}) as { Params?: unknown };
  return {
    unit: unit.id,
    workType: type.workType,
    params: typeof Params === "string" ? Params : "",
    attempt: Attempt,
    fence: lease.fence,
    leaseMs: lease.leaseMs,
    payloadBytes: outputSize(unit.folder.stdin),
    outputBytes: output.size,
  };
}

/** A task that a helper has, as this daemon sees it. What is done with it is done one thing after the other. */
export class HeldTask {
  readonly unit: Unit;
  readonly type: LoopSettings;
  readonly lease: Lease;
  readonly output: LoopOutput;
  #last: Promise<unknown> = Promise.resolve();

  constructor(unit: Unit, type: LoopSettings, lease: Lease) {
    this.unit = unit;
    this.type = type;
    this.lease = lease;
    this.output = new LoopOutput(unit.folder, type);
  }

  /** Why it is to stop, if it is. */
  get stopping(): UnitCause | undefined {
    return this.unit.status.Stopping;
  }

  /** How it ended, once that is on record: nothing else becomes of it. */
  get result(): LoopResult | undefined {
    return this.unit.status.Loop?.Result;
  }

  /** Do something after all that was begun before it. */
  inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#last.then(act);
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** Why it cannot be tried again when its helper is gone; undefined when it can. */
  get hopeless(): string | undefined {
    const { attempts } = this.type;
    if ((this.unit.status.Attempt ?? 0) >= attempts)
      return attempts === 1 ? "its type allows one attempt" : `its type allows ${attempts} attempts`;
    if (this.type.output === "live" && this.output.isShown)
      return "its output has begun, and its type shows output as it comes (`output: live`)";
    return undefined;
  }
}
