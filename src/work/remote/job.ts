interface Running {
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

/** What one mirror does in the background: one thing at a time. */
export class Job {
  #running: Running | undefined;
  #isClosed = false;

  /**
   * Begin something new once what ran before has been stopped and is over. It must end when its signal fires. Of several
   * that ask at once the last one stays.
   *
   * @returns whether it began; in a closed job nothing does.
   */
  async replace(run: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
    // Whoever asked at the same time may have begun while this one waited.
    while (this.#running) await this.stop();
    if (this.#isClosed) return false;
    const stop = new AbortController();
    const done = run(stop.signal).catch(() => undefined);
    this.#running = { stop, done };
    return true;
  }

  /** Stop what runs, and wait until it is over. */
  async stop(): Promise<void> {
    const running = this.#running;
    this.abort();
    await running?.done;
    if (this.#running === running) this.#running = undefined;
  }

  /** Stop what runs without waiting. */
  abort(): void {
    this.#running?.stop.abort(new Error("stopped"));
  }

  /** Stop what runs; nothing begins any more. */
  close(): void {
    this.#isClosed = true;
    this.abort();
  }
}
