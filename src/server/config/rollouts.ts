import { errorText, type Clock, type Log, systemClock } from "#core";
import type { AuditTrail } from "../audit/audit.ts";
import { ServerError } from "../errors.ts";
import type { PresenceState } from "../registry/presence.ts";
import type { Worker } from "../registry/worker.ts";
import { configOutcomesOf } from "../store/config-outcomes.ts";
import { changeRollout, lastRollout, openRollout, openRollouts } from "../store/config-rollouts.ts";
import type { Store } from "../store/store.ts";
import type { ConfigOutcomeTable, ConfigRolloutTable } from "../store/tables.ts";
import { usersOfConfig } from "./config-users.ts";
import type { Configurations } from "./configurations.ts";
import { type CanaryNow, type NextStep, nextStep, type Rollout, type RolloutState } from "./rollout.ts";

export interface RolloutsOptions {
  readonly store: Store;
  readonly audit: AuditTrail;
  readonly configurations: Pick<Configurations, "takeBack">;
  /** How a connected worker is now; the database may be behind. */
  readonly presence: { state(workerId: string): PresenceState | undefined };
  /** All workers of the name are to ask again. */
  readonly changed: (name: string, version: number) => void;
  /** One was paused or resumed: no worker is given anything else. */
  readonly turned?: (name: string) => void;
  readonly clock?: Pick<Clock, "now">;
  readonly log: Pick<Log, "info" | "warn">;
}

/** A roll-out, and while it goes on what it waits for. */
export interface RolloutSeen extends Rollout {
  readonly next: NextStep | null;
}

/**
 * Brings versions from some workers of a configuration to all, or takes them back (CAT-80). Everything it knows stands in
 * the database: a server that starts again goes on, and of several servers the first one takes each step.
 */
export class Rollouts {
  readonly #options: RolloutsOptions;
  readonly #clock: Pick<Clock, "now">;

  constructor(options: RolloutsOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** The last one of a name. @throws {ServerError} ROLLOUT_NONE. */
  async get(name: string): Promise<RolloutSeen> {
    const row = await lastRollout(this.#options.store.db, name);
    if (!row) throw new ServerError("ROLLOUT_NONE", `no version of ${name} was rolled out by stages`);
    const rollout = rolloutOf(row);
    return { ...rollout, next: isOpen(rollout) ? await this.#next(rollout) : null };
  }

  /** The one of a name that goes on, if one does. */
  async openOf(name: string): Promise<Rollout | undefined> {
    const row = await openRollout(this.#options.store.db, name);
    return row && rolloutOf(row);
  }

  /** The version a worker of this name is to go by; undefined: the newest. */
  async versionFor(name: string, workerId: string): Promise<number | undefined> {
    const open = await this.openOf(name);
    return open && (open.canaries.includes(workerId) ? open.version : open.base);
  }

  /** It goes no further by itself; a worker that fails still ends it. @throws {ServerError} ROLLOUT_NONE. */
  async pause(name: string, actor: string): Promise<RolloutSeen> {
    return await this.#turn(name, actor, { from: "canary", to: "paused" });
  }

  /** @throws {ServerError} ROLLOUT_NONE. */
  async resume(name: string, actor: string): Promise<RolloutSeen> {
    return await this.#turn(name, actor, { from: "paused", to: "canary" });
  }

  /** All get it now, whatever it waits for. @throws {ServerError} ROLLOUT_NONE. */
  async finish(name: string, actor: string): Promise<RolloutSeen> {
    const rollout = await this.#open(name);
    if (!(await this.#continue(rollout, actor, "somebody said so"))) throw ended(name);
    return await this.get(name);
  }

  /** The version is taken back: the one before holds again, as a new one. @throws {ServerError} ROLLOUT_NONE. */
  async abort(name: string, actor: string): Promise<RolloutSeen> {
    const rollout = await this.#open(name);
    const end = { state: "aborted", reason: "somebody said so" } as const;
    if (!(await this.#options.configurations.takeBack(rollout, end, actor))) throw ended(name);
    return await this.get(name);
  }

  /** Look at all that go on, and take the steps that are due. To be called every few seconds, and when a worker reports. */
  async look(): Promise<void> {
    const { store, log } = this.#options;
    for (const row of await openRollouts(store.db)) {
      const rollout = rolloutOf(row);
      try {
        await this.#step(rollout);
      } catch (error) {
        log.warn(`the roll-out of ${rollout.name}@${rollout.version} goes no further: ${errorText(error)}`);
      }
    }
  }

  async #step(rollout: Rollout): Promise<void> {
    const { configurations, log } = this.#options;
    const { step, why } = await this.#next(rollout);
    if (step === "wait") return;
    if (step === "continue") await this.#continue(rollout, "server", why);
    else await configurations.takeBack(rollout, { state: "failed", reason: why }, "server");
    log.info(`configuration ${rollout.name}@${rollout.version}: ${step}: ${why}`);
  }

  async #next(rollout: Rollout): Promise<NextStep> {
    return nextStep(rollout, await this.#canaries(rollout), this.#clock.now());
  }

  async #canaries({ name, canaries }: Rollout): Promise<CanaryNow[]> {
    const { store, presence } = this.#options;
    const users = new Map((await usersOfConfig(store, name)).map((worker) => [worker.id, worker]));
    const outcomes = new Map((await configOutcomesOf(store.db, canaries)).map((row) => [row.worker_id, row]));
    return canaries.map((id) => canaryNow(users.get(id), presence.state(id), outcomes.get(id), { id, name }));
  }

  async #continue({ name, version }: Rollout, actor: string, why: string): Promise<boolean> {
    const { store, audit, changed } = this.#options;
    const to = { state: "done", reason: why, changed_at: this.#clock.now() };
    if (!(await changeRollout(store.db, { name, version, from: ["canary", "paused"], ...to }))) return false;
    await audit.record(actor, "config.rollout.continue", name, { version, why });
    changed(name, version);
    return true;
  }

  async #turn(
    name: string,
    actor: string,
    { from, to }: { from: RolloutState; to: "paused" | "canary" },
  ): Promise<RolloutSeen> {
    const { store, audit } = this.#options;
    const { version } = await this.#open(name);
    const state = { state: to, reason: "", changed_at: this.#clock.now() };
    if (await changeRollout(store.db, { name, version, from: [from], ...state })) {
      await audit.record(actor, `config.rollout.${to === "paused" ? "pause" : "resume"}`, name, { version });
      this.#options.turned?.(name);
    }
    return await this.get(name);
  }

  async #open(name: string): Promise<Rollout> {
    const open = await this.openOf(name);
    if (!open) throw ended(name);
    return open;
  }
}

function canaryNow(
  worker: Worker | undefined,
  presence: PresenceState | undefined,
  row: ConfigOutcomeTable | undefined,
  { id, name }: { readonly id: string; readonly name: string },
): CanaryNow {
  // What it said of another configuration does not count here.
  const own = row?.name === name ? row : undefined;
  const { version = 0, outcome, detail = "", at = 0 } = own ?? {};
  const known = outcome as "applied" | "pending" | "failed" | undefined;
  return {
    name: worker?.name ?? id,
    state: worker ? (presence?.state ?? worker.state) : "removed",
    since: presence?.since ?? worker?.since ?? 0,
    outcome: known && { version, outcome: known, detail, at },
  };
}

function rolloutOf(row: ConfigRolloutTable): Rollout {
  const { name, version, base, author, reason } = row;
  return {
    ...{ name, version, base, author, reason },
    state: row.state as RolloutState,
    plan: JSON.parse(row.plan) as Rollout["plan"],
    canaries: JSON.parse(row.canaries) as string[],
    createdAt: row.created_at,
    changedAt: row.changed_at,
  };
}

function isOpen({ state }: Rollout): boolean {
  return state === "canary" || state === "paused";
}

const ended = (name: string): ServerError =>
  new ServerError("ROLLOUT_NONE", `no version of ${name} is being rolled out`);
