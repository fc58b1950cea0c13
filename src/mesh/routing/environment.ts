import { randomInt } from "node:crypto";

/** Stops a timer; harmless when it has fired already. */
export type Cancel = () => void;

/**
 * Time and chance as routing sees them: of this machine, or of the simulator. Routing touches nothing else of the
 * world, so a seed decides everything it does (design §4.2).
 */
export interface Environment {
  /** Wall clock, milliseconds since 1970. */
  now(): number;
  /** Milliseconds since some fixed moment; never goes back. */
  elapsed(): number;
  after(ms: number, run: () => void): Cancel;
  /** Again and again, the first time after `firstMs`. */
  every(ms: number, firstMs: number, run: () => void): Cancel;
  /** From 0 to below 1. */
  random(): number;
}

/** This machine's time. Its timers keep no process alive. */
export const systemEnvironment: Environment = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms).unref();
    return () => clearTimeout(timer);
  },
  every: (ms, firstMs, run) => {
    let timer = setTimeout(() => {
      timer = setInterval(run, ms).unref();
      run();
    }, firstMs).unref();
    return () => clearTimeout(timer);
  },
  // Ephemeral services are drawn from it, and who sees our update ids must not know which ones come next.
  random: () => randomInt(2 ** 32) / 2 ** 32,
};

const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Eight letters and digits, as update ids and ephemeral services have them (spec §3.1, §3.6). */
export function randomName(environment: Environment): string {
  let name = "";
  for (let i = 0; i < 8; i++) name += letters[Math.floor(environment.random() * letters.length)];
  return name;
}

/**
 * Differs with every start, and grows with time: `unixSeconds * 2^24 + random24` (spec §3.6).
 *
 * @param last of an earlier start: this one is newer, whatever the clock says.
 */
export function newEpoch(environment: Environment, last = 0n): bigint {
  const seconds = BigInt(Math.max(0, Math.floor(environment.now() / 1000)));
  const least = (last >> 24n) + 1n;
  // Two nodes of one id must differ even where both go by the same earlier start.
  return ((seconds > least ? seconds : least) << 24n) + BigInt(Math.floor(environment.random() * 2 ** 24));
}
