import type { HealthSeries, WorkerEvent, WorkerView } from "#server/wire";

/** A value at a moment; null: nothing is known, and the line has a gap. */
export interface Point {
  readonly at: number;
  readonly value: number | null;
}

/** What a graph draws. */
export interface GraphProps {
  /** In order of time. */
  readonly points: readonly Point[];
  readonly window: { readonly from: number; readonly to: number };
  /** Top of the scale; without one it fits what is there, and a fifth more. */
  readonly top?: number;
  readonly text: (value: number) => string;
  readonly fill?: boolean;
}

/** One number of a worker over time. Where points are further apart than `gapMs`, nothing was heard. */
export function seriesOf(
  { points }: HealthSeries,
  value: (sample: Readonly<Record<string, number>>) => number | undefined,
  gapMs: number,
): Point[] {
  const series: Point[] = [];
  for (const { at, sample } of points) {
    const last = series.at(-1);
    if (last && at - last.at > gapMs) series.push({ at: last.at + 1, value: null });
    series.push({ at, value: value(sample) ?? null });
  }
  return series;
}

/** Where values stand alone, between gaps: no line shows them. */
export function aloneIn(points: readonly Point[]): number[] {
  const isKnown = (at: number): boolean => (points[at]?.value ?? null) !== null;
  return points.flatMap((_, at) => (isKnown(at) && !isKnown(at - 1) && !isKnown(at + 1) ? [at] : []));
}

/**
 * 100 while a worker was there (a late one was not missed yet), 0 while it was not; from its events, in any order.
 *
 * @param to until when they are known: the line ends there, whatever the time is.
 */
export function availabilityLine(events: readonly WorkerEvent[], from: number, to: number): Point[] {
  const inOrder = [...events].sort((a, b) => a.at - b.at || a.sequence - b.sequence);
  const line: Point[] = [];
  for (const { at, state } of inOrder) {
    const value = state === "online" || state === "late" ? 100 : 0;
    const before = line.at(-1)?.value ?? null;
    if (at > to) break;
    // What was before the window goes on at its edge.
    if (at <= from) line.splice(0, line.length, { at: from, value });
    else line.push({ at: at - 1, value: before }, { at, value });
  }
  const last = line.at(-1);
  return last ? [...line, { at: to, value: last.value }] : [];
}

/** Its events with how it is now, which is told before it stands among them. */
export function withNow(
  events: readonly WorkerEvent[],
  now: Pick<WorkerView, "state" | "since" | "cause"> | undefined,
): readonly WorkerEvent[] {
  if (!now || events.some(({ at }) => at >= now.since)) return events;
  return [...events, { sequence: Number.MAX_SAFE_INTEGER, at: now.since, state: now.state, cause: now.cause }];
}

/** Part of the time of an {@link availabilityLine} in which the worker was there, 0 to 1; null: nothing is known. */
export function shareOf(line: readonly Point[]): number | null {
  let [known, there] = [0, 0];
  line.forEach(({ at, value }, n) => {
    const ms = (line[n + 1]?.at ?? at) - at;
    if (value !== null) known += ms;
    if (value) there += ms;
  });
  return known > 0 ? there / known : null;
}

/** Least, mean and most of what is known, for those who do not see the line. */
export function summaryOf(points: readonly Point[], text: (value: number) => string): string {
  const known = points.flatMap(({ value }) => (value === null ? [] : [value]));
  if (known.length === 0) return "nothing known";
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  return `${text(Math.min(...known))} to ${text(Math.max(...known))}, mean ${text(mean)}`;
}
