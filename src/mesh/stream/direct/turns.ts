import type { Priority } from "./frames.ts";

/** Something that sends in turns. */
export interface TurnTaker {
  readonly priority: Priority;
  /** Send one frame. @returns whether more could be sent at once. */
  sendNext(): boolean;
}

/** Who sends next: streams of control as long as there are any, then the others one frame each, round and round. */
export class Turns {
  readonly #mayGoOn: () => boolean;
  /** In the order in which they came. */
  readonly #waiting: Readonly<Record<Priority, Set<TurnTaker>>> = { control: new Set(), data: new Set() };
  #running = false;

  /** `mayGoOn` says before each frame whether the link takes another. */
  constructor(mayGoOn: () => boolean) {
    this.#mayGoOn = mayGoOn;
  }

  /** The stream has something to send and is allowed to. It may go now, or when its turn comes. */
  add(taker: TurnTaker): void {
    this.#waiting[taker.priority].add(taker);
    this.run();
  }

  /** The stream is over. */
  remove(taker: TurnTaker): void {
    this.#waiting[taker.priority].delete(taker);
  }

  /** Let them send until the link is full or nobody has anything left. Asked from within, it does nothing. */
  run(): void {
    if (this.#running) return;
    this.#running = true;
    try {
      while (this.#mayGoOn()) {
        const taker = takeFirst(this.#waiting.control) ?? takeFirst(this.#waiting.data);
        if (taker === undefined) return;
        if (taker.sendNext()) this.#waiting[taker.priority].add(taker);
      }
    } finally {
      this.#running = false;
    }
  }
}

function takeFirst(waiting: Set<TurnTaker>): TurnTaker | undefined {
  for (const taker of waiting) {
    waiting.delete(taker);
    return taker;
  }
  return undefined;
}
