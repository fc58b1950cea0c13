import type { ConfigOutcome } from "#fleet";
import { FleetError } from "#fleet";
import type { PresenceState } from "../registry/presence.ts";
import { configLabel } from "../registry/labels.ts";
import type { Worker, WorkerState } from "../registry/worker.ts";
import { configOutcomesOf } from "../store/config-outcomes.ts";
import type { Store } from "../store/store.ts";
import type { ConfigOutcomeTable } from "../store/tables.ts";
import { usersOfConfig } from "./config-users.ts";
import type { Configurations } from "./configurations.ts";
import type { Rollouts } from "./rollouts.ts";

/** What a configuration has come to at one of its workers (CAT-79). */
export interface ConfigUser {
  readonly id: string;
  readonly name: string;
  readonly state: WorkerState;
  /** `cloud`: it takes its configuration from here; any other keeps a file of its own. */
  readonly mode: string;
  /** Version it is to go by; null: there is none. */
  readonly wanted: number | null;
  /** It has the version that is being rolled out before the others. */
  readonly first: boolean;
  /** Version it goes by; null: it has said nothing yet. */
  readonly running: number | null;
  readonly outcome: (Omit<ConfigOutcome, "running"> & { readonly at: number }) | null;
}

export interface ConfigStatusSources {
  readonly store: Store;
  readonly configurations: Pick<Configurations, "get">;
  readonly rollouts: Pick<Rollouts, "openOf">;
  readonly presence: { state(workerId: string): PresenceState | undefined };
}

const askAtOnce = 500;

/** All workers of a configuration, by name. There may be some before the configuration is written. */
export async function configUsers(
  { store, configurations, rollouts, presence }: ConfigStatusSources,
  name: string,
): Promise<ConfigUser[]> {
  const workers = await usersOfConfig(store, name);
  return await statusOf({ store, configurations, rollouts, presence }, name, workers);
}

/** The same of one worker; undefined: nobody has named a configuration for it. */
export async function configUser(sources: ConfigStatusSources, worker: Worker) {
  const name = worker.labels[configLabel];
  if (name === undefined) return undefined;
  const [user] = await statusOf(sources, name, [worker]);
  return user && { ...user, config: name };
}

async function statusOf(
  { store, configurations, rollouts, presence }: ConfigStatusSources,
  name: string,
  workers: readonly Worker[],
): Promise<ConfigUser[]> {
  const newest = await versionOf(configurations, name);
  const rollout = await rollouts.openOf(name);
  const outcomes = new Map<string, ConfigOutcomeTable>();
  for (let from = 0; from < workers.length; from += askAtOnce) {
    const ids = workers.slice(from, from + askAtOnce).map(({ id }) => id);
    for (const row of await configOutcomesOf(store.db, ids)) outcomes.set(row.worker_id, row);
  }
  return workers.map((worker) => {
    const first = rollout?.canaries.includes(worker.id) ?? false;
    const row = outcomes.get(worker.id);
    return {
      ...{ id: worker.id, name: worker.name, mode: worker.mode, first },
      state: presence.state(worker.id)?.state ?? worker.state,
      wanted: rollout && !first ? rollout.base : newest,
      ...saidOf(row?.name === name ? row : undefined),
    };
  });
}

function saidOf(row: ConfigOutcomeTable | undefined): Pick<ConfigUser, "running" | "outcome"> {
  if (!row) return { running: null, outcome: null };
  const { version, detail, at, running } = row;
  return { running, outcome: { version, outcome: row.outcome as ConfigOutcome["outcome"], detail, at } };
}

async function versionOf(configurations: Pick<Configurations, "get">, name: string): Promise<number | null> {
  try {
    return (await configurations.get(name)).version;
  } catch (error) {
    if (error instanceof FleetError && error.code === "CONFIG_NOT_FOUND") return null;
    throw error;
  }
}
