import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { FarhandError, systemClock } from "#core";
import { isFinal, type UnitReport } from "#work/wire";
import { followUnit } from "../../../src/cli/follow.ts";
import { apiPath } from "../../../src/cli/server/api-path.ts";
import { submission } from "../../../src/cli/server/multipart.ts";
import { ServerProblem } from "../../../src/cli/server/problem.ts";
import { unitLink } from "../../../src/cli/server/unit-link.ts";
import { unitReport } from "../../../src/cli/server/unit-report.ts";
import { neverBegun } from "../faults/ledger.ts";
import type { PlannedOrder } from "./order-plan.ts";
import type { User } from "./user.ts";

/** What a user knows of an order in the end. */
export interface Carried {
  readonly plan: PlannedOrder;
  /** Every unit that was asked for, the last one last. */
  readonly units: readonly string[];
  /** Of those, the ones the API said are there. */
  readonly confirmed: readonly string[];
  /** How the last one ended, as it was told; undefined of a unit that was released. */
  readonly report: UnitReport | undefined;
  /** What was followed of it, from byte 0. */
  readonly followed: { readonly sha256: string; readonly bytes: number } | undefined;
}

/**
 * Have one thing done, once: asked for until it is there, and again as another unit only when its ending says that it never
 * began.
 *
 * @throws what no user should ever be told: a confirmed unit that nobody knows, and the like.
 */
export class Order {
  readonly plan: PlannedOrder;
  readonly #user: User;
  readonly #until: AbortSignal;
  readonly #units: string[] = [];
  readonly #confirmed: string[] = [];

  constructor(plan: PlannedOrder, user: User, until: AbortSignal) {
    this.plan = plan;
    this.#user = user;
    this.#until = until;
  }

  /** Where it is, for whoever asks why it takes so long. */
  get stage(): string {
    return `${this.plan.kind} ${this.plan.seed} on ${this.plan.worker} (${this.plan.treatment}): ${this.#stage}`;
  }
  #stage = "not asked for yet";

  async carry(): Promise<Carried> {
    for (;;) {
      const unit = this.#newUnit();
      this.#stage = `asking for ${unit}`;
      await this.#handIn(unit);
      this.#confirmed.push(unit);
      this.#stage = `waiting for the end of ${unit}`;
      const [followed, report] = await Promise.all([this.#follow(unit), this.#toItsEnd(unit)]);
      if (report && neverBegun(report)) continue;
      this.#stage = "done";
      return { plan: this.plan, units: this.#units, confirmed: this.#confirmed, report, followed };
    }
  }

  #newUnit(): string {
    const unit = `order${this.plan.seed}try${this.#units.length}`;
    this.#units.push(unit);
    return unit;
  }

  /**
   * Until the server says that the unit is there. A key is used again while nobody has answered; with another key the id
   * sees to it that nothing is done twice.
   */
  async #handIn(unit: string): Promise<void> {
    const { worker, kind, seed, code, payload } = this.plan;
    const request = { workType: "ledger", params: { params: `${kind} ${seed} ${code}` }, unit };
    let tries = 0;
    await this.#user.ask(async (api, signal) => {
      const upload = submission(request, once(payload));
      const headers = { "idempotency-key": `${unit}-${tries}` };
      try {
        await api.upload("POST", apiPath`/workers/${worker}/units`, upload, { headers, signal });
      } catch (error) {
        if (isCode(error, "UNIT_TAKEN")) return;
        if (error instanceof ServerProblem && error.code !== "IDEMPOTENCY_RUNNING") tries++;
        throw error;
      }
    }, this.#until);
  }

  /** Left alone, or ended by the user after a while. */
  async #toItsEnd(unit: string): Promise<UnitReport | undefined> {
    const { treatment, seed } = this.plan;
    if (treatment === "leave" || treatment === "follow") return await this.#final(unit);
    await sleep(seed % 2_000, undefined, { signal: this.#until });
    if (treatment === "release") {
      await this.release(unit);
      return undefined;
    }
    await this.#cancel(unit);
    return await this.#final(unit);
  }

  async #final(unit: string): Promise<UnitReport> {
    for (;;) {
      const report = await this.status(unit);
      if (isFinal(report.State)) return report;
      await sleep(300, undefined, { signal: this.#until });
    }
  }

  async status(unit: string): Promise<UnitReport> {
    const path = apiPath`/workers/${this.plan.worker}/units/${unit}`;
    const answer = await this.#user.ask((api, signal) => api.ask("GET", path, { signal }), this.#until);
    return unitReport(answer).report;
  }

  async #cancel(unit: string): Promise<void> {
    const path = apiPath`/workers/${this.plan.worker}/units/${unit}/cancel`;
    await this.#user.ask((api, signal) => api.ask("POST", path, { signal }), this.#until);
  }

  /** One that went through before its answer was lost counts. */
  async release(unit: string): Promise<void> {
    const path = apiPath`/workers/${this.plan.worker}/units/${unit}`;
    let tries = 0;
    await this.#user.ask(async (api, signal) => {
      try {
        await api.ask("DELETE", `${path}?force=true`, { signal });
      } catch (error) {
        if (tries++ === 0 || !isCode(error, "UNIT_NOT_FOUND")) throw error;
      }
    }, this.#until);
  }

  /** From byte 0, over as many connections as it takes, each from the byte reached. */
  async #follow(unit: string): Promise<Carried["followed"]> {
    if (this.plan.treatment !== "follow") return undefined;
    const hash = createHash("sha256");
    let at = 0;
    await this.#user.ask(async (api, signal) => {
      const write = async (chunk: Uint8Array): Promise<void> => {
        hash.update(chunk);
        at += chunk.length;
      };
      const whole = AbortSignal.any([this.#until, signal]);
      const options = { from: at, wasReached: true, clock: systemClock, signal: whole, write, retrying: () => {} };
      await followUnit(unitLink(api, this.plan.worker, unit), options);
    }, this.#until);
    return { sha256: hash.digest("hex"), bytes: at };
  }
}

function isCode(error: unknown, code: string): error is FarhandError {
  return error instanceof FarhandError && error.code === code;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
