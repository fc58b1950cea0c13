import { includesLevel, type Level } from "#fleet";
import { stateName } from "#work/wire";
import type { UnitTable } from "../store/tables.ts";

/** What is known of the worker of a unit, by which it is said how old the row is. */
export interface UnitsWorker {
  readonly id: string;
  readonly name: string;
  /** Last heartbeat. */
  readonly seenAt: number | null;
  readonly isConnected: boolean;
  /** It has told everything since it came. */
  readonly isInStep: boolean;
}

/**
 * A unit as a caller of this level may see it: as `GET /api/workers/:worker/units` has it, and besides whose it is, its
 * params, and how old all this is. Where an order came from is for admins, as addresses of workers are.
 */
export function unitView(row: UnitTable, worker: UnitsWorker, level: Level, now: number) {
  const { params, cause, exit_code: exitCode, signal, sha256, started_at: startedAt, ended_at: endedAt } = row;
  const by = parsed(row.requested_by) as { readonly user: string; readonly level: string } | undefined;
  const requestedBy = by && (includesLevel(level, "admin") ? by : { user: by.user, level: by.level });
  return {
    worker: { id: worker.id, name: worker.name },
    id: row.unit,
    state: row.state,
    stateName: stateName(row.state),
    detail: row.detail,
    workType: row.work_type,
    stdoutSize: row.size,
    createdAt: row.created_at,
    ...(params !== null && { params: parsed(params) as Record<string, string> }),
    ...(startedAt !== null && { startedAt }),
    ...(endedAt !== null && { endedAt }),
    ...(cause !== null && { cause }),
    ...(exitCode !== null && { exitCode }),
    ...(signal !== null && { signal }),
    ...(sha256 !== null && { sha256 }),
    ...(requestedBy && { requestedBy }),
    ...(parsed(row.made_for) as { readonly watcher: string; readonly file?: string } | undefined),
    ...(row.released_at !== null && { releasedAt: row.released_at }),
    asOf: asOf(row, worker, now),
    connected: worker.isConnected,
  };
}

/**
 * Up to when the row is known to be true. Of a worker that is there and has told everything that is now; one that is away
 * told its changes as long as its heartbeats came; one that is still telling has said of this unit only what stands here.
 */
function asOf({ seen_at: toldAt }: UnitTable, { isConnected, isInStep, seenAt }: UnitsWorker, now: number): number {
  if (isConnected) return isInStep ? now : toldAt;
  return Math.max(toldAt, seenAt ?? 0);
}

const parsed = (text: string | null): unknown => (text === null ? undefined : JSON.parse(text));
