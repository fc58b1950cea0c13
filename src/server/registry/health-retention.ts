const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** A resolution of health: how long each point spans (0: one heartbeat), and how long it is kept. */
export interface HealthStep {
  readonly stepMs: number;
  readonly keepMs: number;
}

/** Each heartbeat for a day, means of five minutes for a month, of an hour for a year and a month; the finest first. */
export const healthSteps = [
  { stepMs: 0, keepMs: dayMs },
  { stepMs: 5 * minuteMs, keepMs: 30 * dayMs },
  { stepMs: 60 * minuteMs, keepMs: 400 * dayMs },
] as const satisfies readonly HealthStep[];

/** Where a series from `from` on is to be read: the finest that reaches back so far, then finer ones for its end. */
export function stepsFor(from: number, now: number): HealthStep[] {
  const reaching = healthSteps.findIndex(({ keepMs }) => from >= now - keepMs);
  const coarsest = reaching < 0 ? healthSteps.length - 1 : reaching;
  return healthSteps.slice(0, coarsest + 1).reverse();
}
