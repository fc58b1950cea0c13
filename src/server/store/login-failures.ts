import type { Store } from "./store.ts";

/** Count a failure under each of the keys. */
export async function insertLoginFailures(store: Store, keys: readonly string[], at: number): Promise<void> {
  await store.db
    .insertInto("login_failure")
    .values(keys.map((key) => ({ key, at })))
    .execute();
}

/** When it failed under a key, the last time first; `since` up to `until`, no more than `most`. */
export async function loginFailures(
  store: Store,
  key: string,
  { since, until, most }: { readonly since: number; readonly until: number; readonly most: number },
): Promise<number[]> {
  const own = store.db.selectFrom("login_failure").select("at").where("key", "=", key);
  const times = own.where("at", ">=", since).where("at", "<=", until).orderBy("at", "desc").limit(most);
  return (await times.execute()).map(({ at }) => at);
}

export async function forgetLoginFailures(store: Store, key: string): Promise<void> {
  await store.db.deleteFrom("login_failure").where("key", "=", key).execute();
}

/** Forget what no rule asks about any more. */
export async function deleteLoginFailuresBefore(store: Store, time: number): Promise<void> {
  await store.db.deleteFrom("login_failure").where("at", "<", time).execute();
}
