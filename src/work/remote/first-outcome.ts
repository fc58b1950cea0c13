/** A promise for what becomes of a first attempt; later outcomes change nothing. */
export class FirstOutcome<T> {
  readonly settled: Promise<T>;
  settle!: (outcome: T) => void;

  constructor() {
    this.settled = new Promise((resolve) => {
      this.settle = resolve;
    });
  }

  /** The outcome. @throws the reason of a signal that fires first. */
  async or(signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    let stop = (): void => undefined;
    const aborted = new Promise<never>((_, reject) => {
      stop = () => reject(signal.reason as Error);
      signal.addEventListener("abort", stop, { once: true });
    });
    return await Promise.race([this.settled, aborted]).finally(() => signal.removeEventListener("abort", stop));
  }
}
