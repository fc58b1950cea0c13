import type { Unit } from "./unit/unit.ts";

/** Places of work types with a limit at once. Units above it wait in the order they came. */
export class Places {
  readonly #running = new Map<string, Set<string>>();
  readonly #waiting = new Map<string, Unit[]>();

  /** Take a place; false when all `limit` are taken. Taking it twice is taking it once. */
  take(workType: string, unitId: string, limit: number | undefined): boolean {
    const running = this.#running.get(workType) ?? new Set();
    this.#running.set(workType, running);
    if (!running.has(unitId) && limit !== undefined && running.size >= limit) return false;
    running.add(unitId);
    return true;
  }

  wait(unit: Unit): void {
    const waiting = this.#waiting.get(unit.status.WorkType) ?? [];
    waiting.push(unit);
    this.#waiting.set(unit.status.WorkType, waiting);
  }

  /** The unit no longer waits. */
  leave(unit: Unit): void {
    const waiting = this.#waiting.get(unit.status.WorkType) ?? [];
    const at = waiting.indexOf(unit);
    if (at >= 0) waiting.splice(at, 1);
  }

  /** Every unit that waits, each type's in the order they came. */
  allWaiting(): Unit[] {
    return [...this.#waiting.values()].flat();
  }

  /** Give a place back that nobody is to have now. */
  giveBack(workType: string, unitId: string): void {
    this.#running.get(workType)?.delete(unitId);
  }

  /**
   * Give a place back. A unit that has none, because it only waited, changes nothing.
   *
   * @returns the unit whose turn it is, already out of the queue.
   */
  free(workType: string, unitId: string): Unit | undefined {
    if (!this.#running.get(workType)?.delete(unitId)) return undefined;
    return this.#waiting.get(workType)?.shift();
  }
}
