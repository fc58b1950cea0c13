import type { ConfigRolloutTable } from "./tables.ts";
import type { Database } from "./workers.ts";

/** States in which the version is still kept from most of its workers. */
const open = ["canary", "paused"];

/** What ends, and how. */
export type RolloutEnd = Pick<ConfigRolloutTable, "name" | "version" | "state" | "reason" | "changed_at">;

export async function insertRollout(db: Database, rollout: ConfigRolloutTable): Promise<void> {
  await db.insertInto("config_rollout").values(rollout).execute();
}

/** The last roll-out of a name; undefined: none is known. */
export function lastRollout(db: Database, name: string): Promise<ConfigRolloutTable | undefined> {
  const ofName = db.selectFrom("config_rollout").selectAll().where("name", "=", name);
  return ofName.orderBy("version", "desc").limit(1).executeTakeFirst();
}

/** The roll-out of a name that goes on, if one does. */
export function openRollout(db: Database, name: string): Promise<ConfigRolloutTable | undefined> {
  const ofName = db.selectFrom("config_rollout").selectAll().where("name", "=", name);
  return ofName.where("state", "in", open).executeTakeFirst();
}

/** All that go on. */
export function openRollouts(db: Database): Promise<ConfigRolloutTable[]> {
  return db.selectFrom("config_rollout").selectAll().where("state", "in", open).orderBy("name").execute();
}

/** End one. @returns false: it has ended already, by whomever. */
export async function closeRollout(db: Database, { name, version, ...end }: RolloutEnd): Promise<boolean> {
  return await changeRollout(db, { name, version, from: open, ...end });
}

/** Bring one from a state to another. @returns false: it was in none of those states. */
export async function changeRollout(
  db: Database,
  { name, version, from, ...to }: RolloutEnd & { readonly from: readonly string[] },
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("config_rollout")
    .set(to)
    .where("name", "=", name)
    .where("version", "=", version)
    .where("state", "in", from)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}
