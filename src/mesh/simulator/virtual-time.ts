import type { Cancel, Environment } from "../routing/environment.ts";

/**
 * Something that happens at a moment. What comes often is an object of its own, so that no closure is made for it; and
 * those of one moment hang together by themselves, so that a list of them costs no memory.
 */
export abstract class Due {
  /** The one behind it, of the same moment. */
  next: Due | undefined = undefined;

  abstract run(): void;
}

/** What is due up to this far ahead stands in a ring of milliseconds; the rest waits its turn in a list. */
const ringMs = 1 << 15;

/**
 * A clock that jumps from event to event. Events of one millisecond run in the order they were asked for, so that a
 * seed gives the same run every time. Setting a timer and running it costs the same however many there are.
 */
export class VirtualTime {
  /** The first and the last that are due in each millisecond. */
  readonly #first: (Due | undefined)[] = Array.from({ length: ringMs }, () => undefined);
  readonly #last: (Due | undefined)[] = Array.from({ length: ringMs }, () => undefined);
  #later: { readonly at: number; readonly due: Due }[] = [];
  #now = 0;
  #inRing = 0;
  #sortedUntil = ringMs;
  #count = 0;

  /** Milliseconds since the simulation began. */
  get now(): number {
    return this.#now;
  }

  /** Events that have run. */
  get count(): number {
    return this.#count;
  }

  /** Events that are to come, cancelled timers among them until their time. */
  get pending(): number {
    return this.#inRing + this.#later.length;
  }

  /** Run something once, a number of whole milliseconds from now. */
  add(ms: number, due: Due): void {
    const at = this.#now + ms;
    if (at < this.#sortedUntil) this.#put(at, due);
    else this.#later.push({ at, due });
  }

  after(ms: number, run: () => void): Cancel {
    const timer = new Timer(run);
    this.add(Math.max(0, Math.round(ms)), timer);
    return timer.cancel;
  }

  every(ms: number, firstMs: number, run: () => void): Cancel {
    const rhythm = new Rhythm(this, ms, run);
    this.add(Math.max(0, Math.round(firstMs)), rhythm);
    return rhythm.cancel;
  }

  /** Run everything that is due before a moment, in order, and be there. */
  runUntil(end: number): void {
    while (this.#now < end) {
      const slot = this.#now & (ringMs - 1);
      // What is due in 0 ms joins the others while they run.
      for (let due = this.#first[slot]; due; due = this.#first[slot]) {
        this.#first[slot] = due.next;
        due.next = undefined;
        this.#inRing--;
        this.#count++;
        due.run();
      }
      this.#last[slot] = undefined;
      this.#now = this.#inRing === 0 ? Math.min(end, this.#sortedUntil) : this.#now + 1;
      if (this.#now >= this.#sortedUntil) this.#sortLater();
    }
  }

  #put(at: number, due: Due): void {
    const slot = at & (ringMs - 1);
    const last = this.#last[slot];
    if (this.#first[slot] && last) last.next = due;
    else this.#first[slot] = due;
    this.#last[slot] = due;
    this.#inRing++;
  }

  /** The ring has gone round once: what comes due in its next round is put into it. */
  #sortLater(): void {
    this.#sortedUntil = this.#now + ringMs;
    const later = this.#later;
    this.#later = [];
    for (const each of later) {
      if (each.at < this.#sortedUntil) this.#put(each.at, each.due);
      else this.#later.push(each);
    }
  }
}

class Timer extends Due {
  #callback: (() => void) | undefined;

  constructor(callback: () => void) {
    super();
    this.#callback = callback;
  }

  run(): void {
    const callback = this.#callback;
    this.#callback = undefined;
    callback?.();
  }

  readonly cancel = (): void => {
    this.#callback = undefined;
  };
}

/** The same object comes up again and again. */
class Rhythm extends Due {
  readonly #time: VirtualTime;
  readonly #ms: number;
  #callback: (() => void) | undefined;

  constructor(time: VirtualTime, ms: number, callback: () => void) {
    super();
    this.#time = time;
    this.#ms = ms;
    this.#callback = callback;
  }

  run(): void {
    if (!this.#callback) return;
    this.#time.add(this.#ms, this);
    this.#callback();
  }

  readonly cancel = (): void => {
    this.#callback = undefined;
  };
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
export class VirtualEnvironment implements Environment {
  readonly random: () => number;
  readonly #time: VirtualTime;

  /** @param random from 0 to below 1. */
  constructor(time: VirtualTime, random: () => number) {
    this.#time = time;
    this.random = random;
  }

  now(): number {
    return startOfWorld + this.#time.now;
  }

  elapsed(): number {
    return this.#time.now;
  }

  after(ms: number, run: () => void): Cancel {
    return this.#time.after(ms, run);
  }

  every(ms: number, firstMs: number, run: () => void): Cancel {
    return this.#time.every(ms, firstMs, run);
  }
}
