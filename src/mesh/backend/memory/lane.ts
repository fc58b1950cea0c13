import type { Clock } from "#core";

/** What goes wrong on a road of memory. With any ratio above 0 it is not reliable. */
export interface MemoryFaults {
  /** Share of the messages that vanish, 0 to 1. */
  readonly loss?: number | undefined;
  /** Share of the messages that come late by up to `reorderMs`, so that others overtake them. */
  readonly reorder?: number | undefined;
  readonly reorderMs?: number | undefined;
  /** Share of the messages that come twice. */
  readonly duplicate?: number | undefined;
  /** Time from one end to the other. */
  readonly latencyMs?: number | undefined;
}

/** What chance and time are made of. */
export interface LaneContext {
  readonly faults: MemoryFaults;
  readonly random: () => number;
  readonly clock: Clock;
  /** Messages sent now vanish without a word. */
  isSilent(): boolean;
}

interface OnTheWay {
  readonly message: Uint8Array;
  readonly due: number;
}

/** Where a lane leads. */
export interface LaneEnd {
  /** It takes no more for now; {@link Lane.resume} is called when it does. */
  readonly isFull: boolean;
  receive(message: Uint8Array): void;
}

/** One direction of a session in memory. */
export class Lane {
  readonly #context: LaneContext;
  readonly #to: LaneEnd;
  readonly #moved: (queuedBytes: number) => void;
  #onTheWay: OnTheWay[] = [];
  #bytes = 0;
  #isScheduled = false;
  #finished: (() => void) | undefined;

  /** @param moved is told how many bytes are on the way whenever some have arrived. */
  constructor(context: LaneContext, to: LaneEnd, moved: (queuedBytes: number) => void) {
    this.#context = context;
    this.#to = to;
    this.#moved = moved;
  }

  get bytes(): number {
    return this.#bytes;
  }

  send(message: Uint8Array): void {
    const { faults, random } = this.#context;
    if (this.#context.isSilent() || random() < (faults.loss ?? 0)) return;
    this.#put(message);
    if (random() < (faults.duplicate ?? 0)) this.#put(message);
    this.#schedule();
  }

  /** The far end takes messages again. */
  resume(): void {
    this.#schedule();
  }

  /** Nothing more is sent; `done` is called when the rest has arrived. */
  finish(done: () => void): void {
    this.#finished = done;
    this.#schedule();
  }

  #put(message: Uint8Array): void {
    const due = this.#context.clock.elapsed() + this.#delay();
    let at = this.#onTheWay.length;
    while (at > 0 && (this.#onTheWay[at - 1]?.due ?? 0) > due) at--;
    this.#onTheWay.splice(at, 0, { message, due });
    this.#bytes += message.length;
  }

  #delay(): number {
    const { faults, random } = this.#context;
    const late = random() < (faults.reorder ?? 0) ? random() * (faults.reorderMs ?? 10) : 0;
    return (faults.latencyMs ?? 0) + late;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    const wait = (this.#onTheWay[0]?.due ?? 0) - this.#context.clock.elapsed();
    if (wait <= 0) setImmediate(() => this.#flush());
    else void this.#context.clock.sleep(wait).then(() => this.#flush());
  }

  #flush(): void {
    this.#isScheduled = false;
    const now = this.#context.clock.elapsed();
    let count = 0;
    for (const { message, due } of this.#onTheWay) {
      if (due > now || this.#to.isFull) break;
      count++;
      this.#bytes -= message.length;
      // The receiver may alter it, and the sender may have given the same memory to others.
      this.#to.receive(message.slice());
    }
    this.#onTheWay.splice(0, count);
    if (count > 0) this.#moved(this.#bytes);
    if (this.#onTheWay.length === 0) this.#finished?.();
    else if (!this.#to.isFull) this.#schedule();
  }
}
