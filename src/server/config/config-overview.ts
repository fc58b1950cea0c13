import { openRollouts } from "../store/config-rollouts.ts";
import { configOutcomesOf } from "../store/config-outcomes.ts";
import type { Store } from "../store/store.ts";
import type { ConfigRolloutTable } from "../store/tables.ts";
import { usersByConfig } from "./config-users.ts";
import type { ConfigVersion } from "./configurations.ts";

/** How far a configuration has come, for a list. */
export interface ConfigOverview {
  /** Workers it is for. */
  readonly workers: number;
  /** Of them, those that do not go by the version they are to. */
  readonly behind: number;
  /** Of them, those that have refused it. */
  readonly failed: number;
  readonly rollout: { readonly version: number; readonly state: string } | null;
}

const askAtOnce = 500;

/** The same of many configurations, in one go over the workers. */
export async function configOverviews(
  store: Store,
  configs: readonly ConfigVersion[],
): Promise<ReadonlyMap<string, ConfigOverview>> {
  const users = await usersByConfig(store);
  const rollouts = new Map((await openRollouts(store.db)).map((row) => [row.name, row]));
  const overviews = new Map<string, ConfigOverview>();
  for (const { name, version } of configs) {
    const ids = (users.get(name) ?? []).map(({ id }) => id);
    overviews.set(name, await overviewOf(store, { name, version }, ids, rollouts.get(name)));
  }
  return overviews;
}

async function overviewOf(
  store: Store,
  { name, version }: Pick<ConfigVersion, "name" | "version">,
  ids: readonly string[],
  rollout: ConfigRolloutTable | undefined,
): Promise<ConfigOverview> {
  const first = new Set(rollout ? (JSON.parse(rollout.canaries) as string[]) : []);
  const wanted = (id: string): number => (rollout && !first.has(id) ? rollout.base : version);
  let behind = 0;
  let failed = 0;
  for (let from = 0; from < ids.length; from += askAtOnce) {
    const some = ids.slice(from, from + askAtOnce);
    const said = new Map((await configOutcomesOf(store.db, some)).map((row) => [row.worker_id, row]));
    for (const id of some) {
      const row = said.get(id);
      const own = row?.name === name ? row : undefined;
      if (own?.running !== wanted(id)) behind++;
      if (own?.outcome === "failed" && own.version === wanted(id)) failed++;
    }
  }
  return {
    ...{ workers: ids.length, behind, failed },
    rollout: rollout ? { version: rollout.version, state: rollout.state } : null,
  };
}
