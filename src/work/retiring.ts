import { statSync } from "node:fs";
import { type Clock, errorText, type Log } from "#core";
import { hasLeftovers } from "./leftovers.ts";
import { expiredUnits, type FinishedUnit } from "./retention.ts";
import type { Retention } from "./settings.ts";
import type { Unit } from "./unit/unit.ts";
import { UnitState } from "./wire.ts";

const roundMs = 60_000;
/** An order whose payload has not come whole by then will not come any more. */
const orderMs = 24 * 60 * 60_000;

export interface RetiringOptions {
  readonly retention: Retention;
  readonly units: () => readonly Unit[];
  /** A unit that is being released already, or whose payload is on its way. */
  readonly isBusy: (unit: Unit) => boolean;
  /** End an order that nobody came back to. */
  readonly forget: (unit: Unit, detail: string) => Promise<void>;
  readonly release: (id: string) => Promise<unknown>;
  readonly log: Log;
  readonly clock: Clock;
}

/** Lets go of units that nobody wants any more: what retention says, and orders without their payload. Once a minute. */
export class Retiring {
  readonly #options: RetiringOptions;
  #timer: NodeJS.Timeout | undefined;
  #isAtIt = false;

  constructor(options: RetiringOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => this.look(), roundMs).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Look now. What the last round is still at (deleting, killing leftovers) must not be released twice. */
  look(): void {
    if (this.#isAtIt) return;
    this.#isAtIt = true;
    const { log } = this.#options;
    void this.#endForgottenOrders()
      .then(() => this.#releaseExpired())
      .catch((error: unknown) => log.warn("retention broke off", { error: errorText(error) }))
      .finally(() => {
        this.#isAtIt = false;
      });
  }

  async #endForgottenOrders(): Promise<void> {
    const { units, isBusy, forget, clock } = this.#options;
    const latest = clock.now() - orderMs;
    for (const unit of units()) {
      const { Order, State, Queued, CreatedAt } = unit.status;
      const isWaiting = Order && State === UnitState.Pending && !Queued && !isBusy(unit);
      if (!isWaiting || Date.parse(CreatedAt ?? "") > latest) continue;
      await forget(unit, "Error reading input data: the submitter did not come back with the payload");
    }
  }

  async #releaseExpired(): Promise<void> {
    const { retention, units, isBusy, release, log, clock } = this.#options;
    if (Object.keys(retention).length === 0) return;
    // Releasing a unit ends what it left running, and a service is not ended for being old.
    const isService = (unit: Unit): boolean => Boolean(unit.status.LeftRunning) && hasLeftovers(unit);
    const over = units().filter((unit) => unit.isFinal && !isBusy(unit) && !isService(unit));
    const finished = over.map((unit) => finishedUnit(unit, clock.now()));
    for (const id of expiredUnits(finished, retention, clock.now())) {
      log.info(`unit ${id} released by retention`);
      await release(id).catch((error: unknown) => {
        log.warn(`unit ${id} not released`, { error: errorText(error) });
      });
    }
  }
}

function finishedUnit({ id, status, folder }: Unit, now: number): FinishedUnit {
  const { Twin, FinishedAt, CreatedAt, StdoutSize } = status;
  // How long a unit is kept is not up to the clock of the node it ran on.
  const finishedAt = Date.parse(Twin?.EndedAt ?? FinishedAt ?? CreatedAt ?? "") || now;
  return { id, finishedAt, bytes: StdoutSize + sizeOf(folder.stdin) };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
