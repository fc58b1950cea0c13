import { setTimeout as sleep } from "node:timers/promises";

/** Time as a dependency, so that tests and the simulator can turn it. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. It can jump: never measure with it. */
  now(): number;
  /** Milliseconds since some fixed moment; never goes back. */
  elapsed(): number;
  /** Resolves after `ms`. @throws the reason of `signal` when that fires first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  sleep: async (ms, signal) => {
    await sleep(ms, undefined, signal ? { signal } : {});
  },
};

/** A clock whose wall time goes on evenly from now on, in whole milliseconds, whatever anybody sets the machine's to. */
export function steadyClock(clock: Clock = systemClock): Clock {
  const aheadMs = clock.now() - clock.elapsed();
  return { ...clock, now: () => Math.round(aheadMs + clock.elapsed()) };
}
