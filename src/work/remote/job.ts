/** What one mirror does in the background: one thing at a time. */
export class Job {
  #running: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;

  /** Begin something new once what ran before has been stopped and is over. It must end when its signal fires. */
  async replace(run: (signal: AbortSignal) => Promise<void>): Promise<void> {
    await this.stop();
    const stop = new AbortController();
    const done = run(stop.signal).catch(() => undefined);
    this.#running = { stop, done };
  }

  /** Stop what runs, and wait until it is over. */
  async stop(): Promise<void> {
    this.abort();
    await this.#running?.done;
  }

  /** Stop what runs without waiting. */
  abort(): void {
    this.#running?.stop.abort(new Error("stopped"));
  }
}
