import type { Clock } from "#core";

/** A clock that moves when it is told to, from one thing that waits to the next. */
export interface VirtualClock extends Clock {
  /** Let so many milliseconds pass; whatever wakes meanwhile runs at its time, in order. */
  pass(ms: number): Promise<void>;
}

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

/** Time begins at 1,000,000. */
export function virtualClock(): VirtualClock {
  let now = 1_000_000;
  let sleepers: Sleeper[] = [];
  const sleep: Clock["sleep"] = (ms, signal) =>
    new Promise((resolve, reject) => {
      const abort = (): void => {
        sleepers = sleepers.filter((other) => other !== sleeper);
        reject(signal?.reason);
      };
      const wake = (): void => {
        signal?.removeEventListener("abort", abort);
        resolve();
      };
      const sleeper: Sleeper = { until: now + Math.max(0, ms), wake };
      if (signal?.aborted) return abort();
      sleepers.push(sleeper);
      signal?.addEventListener("abort", abort, { once: true });
    });
  const pass = async (ms: number): Promise<void> => {
    const end = now + ms;
    for (;;) {
      await settled();
      const next = sleepers.filter(({ until }) => until <= end).sort((a, b) => a.until - b.until)[0];
      if (!next) break;
      now = next.until;
      sleepers = sleepers.filter((other) => other !== next);
      next.wake();
    }
    now = end;
    await settled();
  };
  return { now: () => now, elapsed: () => now, sleep, pass };
}

/** Everything that is ready to run has run. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
