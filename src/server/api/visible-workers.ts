import type { Clock } from "#core";
import { type Caller, callerLevel } from "../auth/callers.ts";
import type { Registry } from "../registry/registry.ts";

const listedAtOnce = 500;
/** What labels say of a worker holds for so long; a change of rights ends what is open anyway. */
const lookedForMs = 10_000;

/** Which workers a caller may see, for what is told of many of them again and again. */
export class VisibleWorkers {
  readonly #registry: Pick<Registry, "list">;
  readonly #caller: Caller;
  readonly #clock: Pick<Clock, "elapsed">;
  #ids: ReadonlySet<string> = new Set();
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(registry: Pick<Registry, "list">, caller: Caller, clock: Pick<Clock, "elapsed">) {
    this.#registry = registry;
    this.#caller = caller;
    this.#clock = clock;
  }

  /** A test for ids. Who is restricted by no label is not asked about each worker. */
  async look(): Promise<(workerId: string) => boolean> {
    if (callerLevel(this.#caller, "workers") !== "none") return () => true;
    if (this.#clock.elapsed() - this.#lookedAt >= lookedForMs) {
      this.#ids = await this.#read();
      this.#lookedAt = this.#clock.elapsed();
    }
    const ids = this.#ids;
    return (workerId) => ids.has(workerId);
  }

  /** Ids of those the caller may see; undefined: of all there are. */
  async ids(): Promise<string[] | undefined> {
    return callerLevel(this.#caller, "workers") === "none" ? [...(await this.#read())] : undefined;
  }

  async #read(): Promise<Set<string>> {
    const ids = new Set<string>();
    for (let after = ""; ; ) {
      const workers = await this.#registry.list(after, listedAtOnce);
      for (const { id, labels } of workers) if (callerLevel(this.#caller, "workers", labels) !== "none") ids.add(id);
      const last = workers.at(-1);
      if (last === undefined || workers.length < listedAtOnce) return ids;
      after = last.name;
    }
  }
}
