import type { Store } from "./store.ts";
import type { IdempotencyTable } from "./tables.ts";

/** The key of a caller's request. */
export type IdempotencyKey = Pick<IdempotencyTable, "caller" | "key">;

/** Take a key for a request. @returns undefined: it is ours; else what was done with it before. */
export async function claimIdempotency(
  { db }: Store,
  claim: Pick<IdempotencyTable, "caller" | "key" | "fingerprint" | "created_at">,
): Promise<IdempotencyTable | undefined> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto("idempotency")
    .values({ ...claim, payload: null, status: null, body: null })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if (numInsertedOrUpdatedRows === 1n) return undefined;
  const { caller, key } = claim;
  const rows = db.selectFrom("idempotency").selectAll().where("caller", "=", caller).where("key", "=", key);
  // It may have been given back between the two: then whoever has it now is in the middle of it.
  return (await rows.executeTakeFirst()) ?? { ...claim, payload: null, status: null, body: null };
}

/** Keep the answer. */
export async function keepAnswer(
  { db }: Store,
  { caller, key }: IdempotencyKey,
  answer: Pick<IdempotencyTable, "payload" | "status" | "body">,
): Promise<void> {
  await db.updateTable("idempotency").set(answer).where("caller", "=", caller).where("key", "=", key).execute();
}

/** Nothing was done: the key is free again. */
export async function freeIdempotency({ db }: Store, { caller, key }: IdempotencyKey): Promise<void> {
  await db.deleteFrom("idempotency").where("caller", "=", caller).where("key", "=", key).execute();
}

/** Forget keys from before `at`. */
export async function dropIdempotencyBefore({ db }: Store, at: number): Promise<void> {
  await db.deleteFrom("idempotency").where("created_at", "<", at).execute();
}
