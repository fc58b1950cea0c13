import type { RecordingHead } from "./events.ts";
import type { Written } from "./recording-file.ts";

/** A recording that goes on: who reads it is woken when there is more. */
export class LiveRecording implements Written {
  readonly head: RecordingHead;
  readonly size: () => number;
  readonly #waiting = new Set<() => void>();
  #isOver = false;

  constructor(head: RecordingHead, size: () => number) {
    this.head = head;
    this.size = size;
  }

  /** There is more. */
  wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** There will be no more. */
  end(): void {
    this.#isOver = true;
    this.wake();
  }

  async more(behind: number, signal: AbortSignal): Promise<boolean> {
    while (this.size() <= behind && !this.#isOver) {
      signal.throwIfAborted();
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake);
          signal.removeEventListener("abort", wake);
          resolve();
        };
        this.#waiting.add(wake);
        signal.addEventListener("abort", wake, { once: true });
      });
    }
    return this.size() > behind;
  }
}
