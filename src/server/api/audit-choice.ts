import { normalName } from "../auth/accounts.ts";
import { ServerError } from "../errors.ts";
import type { AuditChoice } from "../store/audit-search.ts";
import type { Store } from "../store/store.ts";
import { listUsers } from "../store/users.ts";
import { findWorkerNamed } from "../store/workers.ts";

/** What somebody looks for, in the words they know. */
export interface AuditWish {
  /** Name or id of a user or a worker, or `server`. */
  readonly who?: string | undefined;
  readonly act?: string | undefined;
  /** Name or id. */
  readonly worker?: string | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/**
 * The same as the audit's rows have it, which is by ids: of who was removed only the id finds anything.
 *
 * @throws {ServerError} REQUEST_INVALID.
 */
export async function auditChoice(store: Store, { who, act, worker, from, to }: AuditWish): Promise<AuditChoice> {
  if (from !== undefined && to !== undefined && from > to)
    throw new ServerError("REQUEST_INVALID", "from: it is later than `to`; give the earlier time as `from`");
  return {
    ...(who !== undefined && { actors: await actorsOf(store, who) }),
    ...(act !== undefined && { action: act }),
    ...(worker !== undefined && { workerId: (await findWorkerNamed(store.db, worker))?.id ?? worker }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
  };
}

/** A user and a worker can have the same name: then it is both. */
async function actorsOf(store: Store, who: string): Promise<readonly string[]> {
  const name = normalName(who);
  const user = (await listUsers(store)).find((one) => one.name === name);
  const worker = await findWorkerNamed(store.db, who);
  return [who, `worker:${who}`, ...(user ? [user.id] : []), ...(worker ? [`worker:${worker.id}`] : [])];
}
