import { errorText } from "#core";

/** A worker that asks its server to be let in, and waits for a person to say so. */
export interface Waiting {
  /** What the server shows that person too. */
  readonly fingerprint: string;
  readonly server: string;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** One way to a server at a time: it goes on when the browser has been answered, until it is let in, refused, or given up. */
export class Joining {
  #running: { readonly giveUp: AbortController; readonly over: Promise<void> } | undefined;
  #waiting: Waiting | undefined;
  #trouble: string | undefined;

  /** What it waits for, and why the last one came to nothing. */
  get shown(): { readonly waiting?: Waiting; readonly trouble?: string } {
    return {
      ...(this.#waiting && { waiting: this.#waiting }),
      ...(this.#trouble !== undefined && { trouble: this.#trouble }),
    };
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /**
   * Begin one, in place of another.
   *
   * @param join is given whom to tell that a person has to decide. @returns once it waits for that, or has come to an end before;
   * then what it came to. @throws what that was.
   */
  async begin<T>(
    server: string,
    join: (waiting: (fingerprint: string) => void, signal: AbortSignal) => Promise<T>,
  ): Promise<T | Waiting> {
    await this.giveUp();
    const giveUp = new AbortController();
    let tell: (waiting: Waiting) => void = () => {};
    const told = new Promise<Waiting>((resolve) => {
      tell = resolve;
    });
    const joined = join((fingerprint) => {
      this.#waiting = { fingerprint, server, since: Date.now() };
      tell(this.#waiting);
    }, giveUp.signal);
    const over = joined.then(
      () => this.#end(undefined),
      (error: unknown) => this.#end(this.#waiting && !giveUp.signal.aborted ? errorText(error) : undefined),
    );
    this.#running = { giveUp, over };
    return await Promise.race([joined, told]);
  }

  /** @returns once it is over. */
  async giveUp(): Promise<void> {
    this.#trouble = undefined;
    this.#running?.giveUp.abort();
    await this.#running?.over;
  }

  #end(trouble: string | undefined): void {
    this.#running = undefined;
    this.#waiting = undefined;
    this.#trouble = trouble;
  }
}
