import type { AuditRow } from "./audit.ts";
import type { Store } from "./store.ts";

/** Which rows of the audit; all that is given must hold. Times are milliseconds since 1970, both ends included. */
export interface AuditChoice {
  /** One of them did it. */
  readonly actors?: readonly string[];
  /** Such as `user.make`; `user.*` is all that begins with `user.`. */
  readonly action?: string;
  /** A worker it was done to, or that did it. */
  readonly workerId?: string;
  readonly from?: number;
  readonly to?: number;
}

/** Which part of them: those behind a row, from the oldest on or from the newest. */
export interface AuditPart {
  readonly order: "oldest" | "newest";
  /** Number of the row before; undefined: the beginning. */
  readonly behind?: number | undefined;
  readonly limit: number;
}

export function searchAudit(
  { db }: Store,
  choice: AuditChoice,
  { order, behind, limit }: AuditPart,
): Promise<AuditRow[]> {
  const { actors, action, workerId, from, to } = choice;
  let query = db.selectFrom("audit").selectAll();
  if (actors) query = query.where("actor", "in", actors);
  if (action?.endsWith(".*")) query = query.where("action", "like", `${action.slice(0, -1)}%`);
  else if (action !== undefined) query = query.where("action", "=", action);
  if (workerId !== undefined)
    query = query.where(({ eb, or }) => or([eb("subject", "=", workerId), eb("actor", "=", `worker:${workerId}`)]));
  if (from !== undefined) query = query.where("at", ">=", from);
  if (to !== undefined) query = query.where("at", "<=", to);
  if (behind !== undefined) query = query.where("sequence", order === "oldest" ? ">" : "<", behind);
  return query
    .orderBy("sequence", order === "oldest" ? "asc" : "desc")
    .limit(limit)
    .execute();
}
