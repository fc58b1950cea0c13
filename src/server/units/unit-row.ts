import type { UnitNews } from "#fleet";
import type { UnitTable } from "../store/tables.ts";

/** Of which worker, in which of its comparisons, and when by the server's clock. */
export interface Told {
  readonly workerId: string;
  readonly epoch: string;
  readonly at: number;
}

/**
 * What a worker told, as it is stored. Its clock may be wrong, and a worker may lie: nothing has happened in the server's
 * future, or it would stand above all others for ever.
 */
export function unitRow(news: UnitNews, { workerId, epoch, at }: Told): UnitTable {
  const past = (ms: number | undefined): number | null => (ms === undefined ? null : Math.min(ms, at));
  const { requestedBy, watcher, file } = news;
  return {
    worker_id: workerId,
    unit: news.id,
    work_type: news.workType,
    params: jsonOf(news.params),
    state: news.state,
    detail: news.detail,
    cause: news.cause ?? null,
    exit_code: news.exitCode ?? null,
    signal: news.signal ?? null,
    size: news.stdoutSize,
    sha256: news.sha256 ?? null,
    created_at: past(news.createdAt ?? news.startedAt ?? news.endedAt) ?? 0,
    started_at: past(news.startedAt),
    ended_at: past(news.endedAt),
    requester: requestedBy ? nameIn(requestedBy.user) : null,
    requested_by: jsonOf(requestedBy),
    made_for: jsonOf(watcher === undefined ? undefined : { watcher, file }),
    epoch,
    seen_at: at,
    released_at: null,
  };
}

/** Whether anybody who looks at the unit would see a difference. */
export function differs(before: UnitTable | undefined, now: UnitTable): boolean {
  if (!before) return true;
  const { epoch: _, seen_at: __, ...shown } = now;
  return Object.entries(shown).some(([name, value]) => before[name as keyof UnitTable] !== value);
}

/** Workers keep `ann (u-…)`: the name, by which people look, and behind it the id. */
const nameIn = (user: string): string => user.replace(/ \([^()]*\)$/, "");

const jsonOf = (value: object | undefined): string | null => (value === undefined ? null : JSON.stringify(value));
