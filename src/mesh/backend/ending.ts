/** The one end of a session: the first who says why is heard, the rest is ignored. */
export class Ending {
  /** What {@link Session.closed} promises. */
  readonly closed: Promise<Error | undefined>;
  readonly #resolve: (why: Error | undefined) => void;
  #isOver = false;

  constructor() {
    let resolveClosed: (why: Error | undefined) => void = () => {};
    this.closed = new Promise((resolve) => {
      resolveClosed = resolve;
    });
    this.#resolve = resolveClosed;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** @returns whether this was the first. */
  end(why?: Error): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#resolve(why);
    return true;
  }
}
