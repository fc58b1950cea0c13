import type { OpenFrame } from "./frames.ts";
import type { ReceiveWindow } from "./receive-window.ts";
import type { DirectStream } from "./direct-stream.ts";

/** A stream that was asked for and not answered yet. */
export class Opening {
  readonly frame: OpenFrame;
  readonly window: ReceiveWindow;
  readonly answered: Promise<DirectStream>;
  readonly #signal: AbortSignal | undefined;
  #resolve!: (stream: DirectStream) => void;
  #reject!: (error: unknown) => void;
  #onAbort: (() => void) | undefined;

  /** `givenUp` is called when the signal fires before there is an answer. */
  constructor(frame: OpenFrame, window: ReceiveWindow, signal: AbortSignal | undefined, givenUp: () => void) {
    this.frame = frame;
    this.window = window;
    this.#signal = signal;
    this.answered = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (signal === undefined) return;
    this.#onAbort = () => {
      givenUp();
      this.refuse(signal.reason);
    };
    signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  accept(stream: DirectStream): void {
    this.#over();
    this.#resolve(stream);
  }

  refuse(error: unknown): void {
    this.#over();
    this.window.close();
    this.#reject(error);
  }

  #over(): void {
    if (this.#onAbort) this.#signal?.removeEventListener("abort", this.#onAbort);
  }
}
