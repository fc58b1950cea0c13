/** How a worker was at one heartbeat, or in the mean of several: numbers by name (`cpu`, `memory`, `load`, `disk`, …). */
export type HealthSample = Readonly<Record<string, number>>;

/** One point of a series. */
export interface HealthPoint {
  /** When, or the beginning of the span it is the mean of; milliseconds since 1970. */
  readonly at: number;
  readonly sample: HealthSample;
  /** Heartbeats it is made of. */
  readonly beats: number;
  /** Of numbers that were missing in some (a disk that does not answer): how many had them. */
  readonly fewer?: Readonly<Record<string, number>>;
}

const maxNumbers = 64;

/** What a worker sent, as far as it is numbers with names; a worker cannot fill the store with anything else. */
export function healthSample(sent: object): HealthSample {
  const numbers = Object.entries(sent).filter(
    (entry): entry is [string, number] => /^[A-Za-z]\w{0,31}$/.test(entry[0]) && Number.isFinite(entry[1]),
  );
  return Object.fromEntries(numbers.slice(0, maxNumbers));
}

/**
 * Means over spans of `stepMs`. Each number weighs as many heartbeats as had it, so that a mean of means is that of all
 * heartbeats. Points must be in order of time.
 */
export function meansOf(points: Iterable<HealthPoint>, stepMs: number): HealthPoint[] {
  const spans = new Map<number, HealthPoint[]>();
  for (const point of points) {
    const at = Math.floor(point.at / stepMs) * stepMs;
    const span = spans.get(at);
    if (span) span.push(point);
    else spans.set(at, [point]);
  }
  return [...spans].map(([at, span]) => ({ at, ...meanOf(span) }));
}

function meanOf(points: readonly HealthPoint[]): Omit<HealthPoint, "at"> {
  const sums = new Map<string, { sum: number; beats: number }>();
  for (const { sample, beats: all, fewer } of points)
    for (const [name, value] of Object.entries(sample)) {
      // A worker chooses the names: `constructor` is one.
      const beats = (fewer && Object.hasOwn(fewer, name) ? fewer[name] : undefined) ?? all;
      const known = sums.get(name) ?? { sum: 0, beats: 0 };
      sums.set(name, { sum: known.sum + value * beats, beats: known.beats + beats });
    }
  const beats = points.reduce((sum, point) => sum + point.beats, 0);
  const means = [...sums].map(([name, of]) => [name, of.sum / of.beats] as const);
  const fewer = [...sums].flatMap(([name, of]) => (of.beats < beats ? [[name, of.beats] as const] : []));
  return {
    sample: Object.fromEntries(means),
    beats,
    ...(fewer.length > 0 && { fewer: Object.fromEntries(fewer) }),
  };
}

/** A point as it is stored: the mean, and beside it how many heartbeats. */
export function storedPoint({ sample, beats, fewer }: Omit<HealthPoint, "at">): string {
  return JSON.stringify({ beats, sample, fewer });
}

export function readPoint({ at, sample }: { readonly at: number; readonly sample: string }): HealthPoint {
  return { at, ...(JSON.parse(sample) as Omit<HealthPoint, "at">) };
}
