import { closeRollout, insertRollout, type RolloutEnd } from "./config-rollouts.ts";
import type { ConfigRolloutTable, WorkerConfigTable } from "./tables.ts";
import type { Database } from "./workers.ts";

/** A version of a configuration, without its document. */
export type WorkerConfigVersion = Omit<WorkerConfigTable, "body">;

/** The version in force; undefined: there is no configuration of this name. */
export function activeWorkerConfig(db: Database, name: string): Promise<WorkerConfigTable | undefined> {
  return db
    .selectFrom("worker_config_active as active")
    .innerJoin("worker_config as config", (join) =>
      join.onRef("config.name", "=", "active.name").onRef("config.version", "=", "active.version"),
    )
    .selectAll("config")
    .where("active.name", "=", name)
    .executeTakeFirst();
}

/** One version, also an old one; undefined: it is not kept (any more). */
export function workerConfig(db: Database, name: string, version: number): Promise<WorkerConfigTable | undefined> {
  const configs = db.selectFrom("worker_config").selectAll().where("name", "=", name);
  return configs.where("version", "=", version).executeTakeFirst();
}

/** All versions that are kept, the newest first. */
export function workerConfigs(db: Database, name: string): Promise<WorkerConfigTable[]> {
  return db.selectFrom("worker_config").selectAll().where("name", "=", name).orderBy("version", "desc").execute();
}

/** The versions in force of all names, in order. */
export function activeWorkerConfigs(db: Database): Promise<WorkerConfigVersion[]> {
  return db
    .selectFrom("worker_config_active as active")
    .innerJoin("worker_config as config", (join) =>
      join.onRef("config.name", "=", "active.name").onRef("config.version", "=", "active.version"),
    )
    .select(["config.name", "config.version", "config.sha256", "config.schema_version"])
    .select(["config.author", "config.comment", "config.created_at"])
    .orderBy("config.name")
    .execute();
}

/** What of a roll-out changes in the same moment as the version in force. */
export interface WithRollout {
  /** The version comes to some of its workers first. */
  readonly begins?: ConfigRolloutTable | undefined;
  /** The version takes back another one, whose roll-out ends with that. */
  readonly ends?: RolloutEnd | undefined;
}

/**
 * Put a version in force, and forget all but the last `keep`.
 *
 * @returns false: somebody else has written this version, or ended that roll-out, meanwhile; nothing was changed.
 */
export async function insertWorkerConfig(
  db: Database,
  config: WorkerConfigTable,
  keep: number,
  { begins, ends }: WithRollout = {},
): Promise<boolean> {
  const { name, version } = config;
  const late = new Error("somebody else was faster");
  try {
    await db.transaction().execute(async (transaction) => {
      const { numInsertedOrUpdatedRows } = await transaction
        .insertInto("worker_config")
        .values(config)
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      if (numInsertedOrUpdatedRows !== 1n) throw late;
      if (ends && !(await closeRollout(transaction, ends))) throw late;
      if (begins) await insertRollout(transaction, begins);
      await activate(transaction, name, version);
      await forgetBefore(transaction, name, version - keep);
    });
    return true;
  } catch (error) {
    if (error === late) return false;
    throw error;
  }
}

async function activate(db: Database, name: string, version: number): Promise<void> {
  await db
    .insertInto("worker_config_active")
    .values({ name, version })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ version }))
    .execute();
}

async function forgetBefore(db: Database, name: string, last: number): Promise<void> {
  for (const table of ["worker_config", "config_rollout"] as const)
    await db.deleteFrom(table).where("name", "=", name).where("version", "<=", last).execute();
}
