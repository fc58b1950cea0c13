/** Update ids are remembered between one and two of these (spec §3.6 asks for an hour). */
const generationMs = 60 * 60 * 1000;
/** A flood of ids makes the memory shorter, never larger. In characters, with what an id costs besides. */
const maxPerGeneration = 8_000_000;
const costOfId = 32;

/** The ids of updates that came already, so that none goes round in a ring of nodes. */
export class SeenUpdates {
  #current = new Set<string>();
  #previous = new Set<string>();
  #since = 0;
  #size = 0;

  /** @param elapsed milliseconds that never go back. @returns false when the id was seen before. */
  add(updateId: string, elapsed: number): boolean {
    if (elapsed - this.#since > generationMs || this.#size >= maxPerGeneration) {
      this.#previous = this.#current;
      this.#current = new Set();
      this.#since = elapsed;
      this.#size = 0;
    }
    if (this.has(updateId)) return false;
    this.#current.add(updateId);
    this.#size += updateId.length + costOfId;
    return true;
  }

  has(updateId: string): boolean {
    return this.#current.has(updateId) || this.#previous.has(updateId);
  }
}
