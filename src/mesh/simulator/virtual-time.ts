import type { Cancel, Environment } from "../routing/environment.ts";

/** Timers up to this far ahead stand in a ring of milliseconds; later ones wait their turn in a list. */
const ringMs = 1 << 15;

interface Timer {
  readonly at: number;
  run: (() => void) | undefined;
}

/**
 * A clock that jumps from event to event. Events of one millisecond run in the order they were asked for, so that a
 * seed gives the same run every time. Setting a timer and running it costs the same however many there are.
 */
export class VirtualTime {
  readonly #ring: Timer[][] = Array.from({ length: ringMs }, () => []);
  #later: Timer[] = [];
  #now = 0;
  #pending = 0;
  #sortedUntil = ringMs;
  /** Events that have run. */
  count = 0;

  /** Milliseconds since the simulation began. */
  get now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): Cancel {
    const timer: Timer = { at: this.#now + Math.max(0, Math.round(ms)), run };
    if (timer.at < this.#sortedUntil) this.#put(timer);
    else this.#later.push(timer);
    return () => {
      timer.run = undefined;
    };
  }

  /** Run everything that is due up to a moment, in order. */
  runUntil(end: number): void {
    while (this.#now < end) {
      const bucket = this.#ring[this.#now % ringMs] as Timer[];
      // A timer of 0 ms lands in the bucket that is being emptied.
      for (let i = 0; i < bucket.length; i++) this.#run(bucket[i] as Timer);
      bucket.length = 0;
      this.#now = this.#pending === 0 ? Math.min(end, this.#sortedUntil) : this.#now + 1;
      if (this.#now >= this.#sortedUntil) this.#sortLater();
    }
  }

  #run(timer: Timer): void {
    this.#pending--;
    if (!timer.run) return;
    this.count++;
    timer.run();
  }

  #put(timer: Timer): void {
    (this.#ring[timer.at % ringMs] as Timer[]).push(timer);
    this.#pending++;
  }

  /** The ring has gone round once: what comes due in its next round is put into it. */
  #sortLater(): void {
    this.#sortedUntil = this.#now + ringMs;
    const later = this.#later;
    this.#later = [];
    for (const timer of later) {
      if (!timer.run) continue;
      if (timer.at < this.#sortedUntil) this.#put(timer);
      else this.#later.push(timer);
    }
  }
}

/** Numbers from 0 to below 1 that a seed decides (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** When the simulated world begins: any moment does, but always the same. */
const startOfWorld = Date.UTC(2026, 0, 1);

/** A node's view of virtual time. */
export function virtualEnvironment(time: VirtualTime, random: () => number): Environment {
  return {
    now: () => startOfWorld + time.now,
    elapsed: () => time.now,
    after: (ms, run) => time.after(ms, run),
    random,
  };
}
