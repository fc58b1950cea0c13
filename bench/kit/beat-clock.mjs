import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../../dist/core/mod.js";

/** What a worker's agent waits between two heartbeats, milliseconds (docs/wire/fleet.md). */
const beatEveryMs = 15_000;

/** The clock of agents, whose pauses between heartbeats can be left out for a while. Everything else takes its time. */
export class BeatClock {
  isRushing = false;
  /** Ends the pauses that go on. */
  #wakes = new Set();

  now() {
    return systemClock.now();
  }

  elapsed() {
    return systemClock.elapsed();
  }

  async sleep(ms, signal) {
    if (ms !== beatEveryMs) return systemClock.sleep(ms, signal);
    // A turn of the event loop between two heartbeats, so that answers come in.
    if (this.isRushing) return new Promise(setImmediate);
    const woken = new AbortController();
    const wake = () => woken.abort();
    this.#wakes.add(wake);
    signal?.addEventListener("abort", wake, { once: true });
    await sleep(ms, undefined, { signal: woken.signal }).catch(() => {});
    this.#wakes.delete(wake);
    signal?.removeEventListener("abort", wake);
    signal?.throwIfAborted();
  }

  /** For so long, milliseconds, a heartbeat follows the answer to the one before. */
  async rush(forMs) {
    this.isRushing = true;
    for (const wake of [...this.#wakes]) wake();
    await sleep(forMs);
    this.isRushing = false;
  }
}
