import type { Retention } from "./settings.ts";

/** A finished unit as retention sees it. */
export interface FinishedUnit {
  readonly id: string;
  /** Wall clock of its end, milliseconds. */
  readonly finishedAt: number;
  readonly bytes: number;
}

/**
 * Which finished units have to go, oldest first. Pure.
 *
 * A clock that was set back gives negative ages: such a unit counts as just finished, so nothing is removed early.
 */
export function expiredUnits(units: readonly FinishedUnit[], retention: Retention, now: number): string[] {
  const oldestFirst = [...units].sort((a, b) => a.finishedAt - b.finishedAt);
  let count = oldestFirst.length;
  let bytes = oldestFirst.reduce((sum, unit) => sum + unit.bytes, 0);
  const expired: string[] = [];
  for (const unit of oldestFirst) {
    const tooOld = retention.maxAgeMs !== undefined && now - unit.finishedAt > retention.maxAgeMs;
    const tooMany = retention.maxUnits !== undefined && count > retention.maxUnits;
    const tooLarge = retention.maxBytes !== undefined && bytes > retention.maxBytes;
    if (!tooOld && !tooMany && !tooLarge) continue;
    expired.push(unit.id);
    count--;
    bytes -= unit.bytes;
  }
  return expired;
}
