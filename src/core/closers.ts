/** Something that is open and can be closed once. */
export interface Closable {
  close(): void | Promise<void>;
}

/** What was opened, to be closed in reverse order, also when opening the next thing fails. */
export class Closers {
  readonly #open: Closable[] = [];

  add<T extends Closable>(thing: T): T {
    this.#open.push(thing);
    return thing;
  }

  /** Close everything, last opened first. One failure does not keep the rest open; the first is thrown at the end. */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (let thing = this.#open.pop(); thing; thing = this.#open.pop()) {
      try {
        await thing.close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
