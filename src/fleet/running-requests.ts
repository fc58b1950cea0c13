import type { Inbox, Request } from "./inbox.ts";

export interface RunningRequestsOptions {
  readonly inbox: Inbox;
  /** Handlers that run at once. */
  readonly atMost: number;
  /** Whether there is room for what one more would answer. */
  hasRoom(): boolean;
  /** Never throws nor rejects. It begins at once, so that requests begin in order. */
  run(request: Request, signal: AbortSignal): void | Promise<void>;
  /** One has ended that did not end at once. */
  ended(): void;
}

/** The handlers that run for the other side. */
export class RunningRequests {
  readonly #options: RunningRequestsOptions;
  readonly #running = new Set<{ readonly id: string; readonly controller: AbortController }>();

  constructor(options: RunningRequestsOptions) {
    this.#options = options;
  }

  /** Begin what waits, as far as there is room. */
  begin(): void {
    const { inbox, atMost, hasRoom } = this.#options;
    while (this.#running.size < atMost && hasRoom()) {
      const request = inbox.next();
      if (!request) return;
      this.#run(request);
    }
  }

  /** The caller has taken a call back. One that has ended already is none of ours. */
  cancel(id: string, why: Error): void {
    if (this.#options.inbox.takeBack(id)) return;
    for (const running of this.#running) if (running.id === id) running.controller.abort(why);
  }

  cancelAll(why: Error): void {
    for (const { controller } of this.#running) controller.abort(why);
  }

  #run(request: Request): void {
    const running = { id: request.id, controller: new AbortController() };
    this.#running.add(running);
    const over = this.#options.run(request, running.controller.signal);
    if (!over) return void this.#running.delete(running);
    void over.then(() => {
      this.#running.delete(running);
      this.#options.ended();
    });
  }
}
