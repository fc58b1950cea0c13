import type { DirectLimits } from "./limits.ts";

type WindowLimits = Pick<DirectLimits, "firstWindowBytes" | "largestWindowBytes" | "leastWindowBytes" | "windowBytes">;

/**
 * What the streams of a link may send ahead, all together. Every stream takes a share of what is still free, so the last
 * ones get less than the first, and never less than the least.
 */
export class WindowBudget {
  readonly #limits: WindowLimits;
  #taken = 0;

  constructor(limits: WindowLimits) {
    this.#limits = limits;
  }

  /** Bytes that are granted now. At most `windowBytes`, and the least window for each stream besides. */
  get taken(): number {
    return this.#taken;
  }

  /** A window for a stream that opens. */
  open(): ReceiveWindow {
    const { firstWindowBytes, leastWindowBytes } = this.#limits;
    const size = Math.max(leastWindowBytes, Math.min(firstWindowBytes, this.#free() >> 4));
    return new ReceiveWindow(this, this.#take(size));
  }

  /** How much wider a window of this size may become; doubled if there is room. */
  widen(size: number): number {
    const room = Math.min(size, this.#limits.largestWindowBytes - size, this.#free() >> 3);
    return this.#take(Math.max(0, room));
  }

  /** A stream is over and gives back what it had. */
  giveBack(size: number): void {
    this.#taken -= size;
  }

  #free(): number {
    return Math.max(0, this.#limits.windowBytes - this.#taken);
  }

  #take(size: number): number {
    this.#taken += size;
    return size;
  }
}

/** What one stream may send to us ahead of its reader. Pure bookkeeping. */
export class ReceiveWindow {
  readonly #budget: WindowBudget;
  /** Bytes that may be on their way or unread here. */
  #size: number;
  /** Bytes of it that the far end has not used. */
  #left: number;
  /** Bytes read here which the far end has not been told of. */
  #read = 0;

  constructor(budget: WindowBudget, size: number) {
    this.#budget = budget;
    this.#size = size;
    this.#left = size;
  }

  get size(): number {
    return this.#size;
  }

  /** Bytes came. False when the far end was not allowed to send them. */
  received(length: number): boolean {
    this.#left -= length;
    return this.#left >= 0;
  }

  /**
   * Bytes were read.
   *
   * @param keepsUp whether the reader has taken all there was; then the window widens.
   * @returns what to grant the far end now: 0 while it has more than half of the window left.
   */
  read(length: number, keepsUp: boolean): number {
    this.#read += length;
    if (this.#read * 2 < this.#size) return 0;
    const wider = keepsUp ? this.#budget.widen(this.#size) : 0;
    const credit = this.#read + wider;
    this.#size += wider;
    this.#left += credit;
    this.#read = 0;
    return credit;
  }

  /** The stream is over. */
  close(): void {
    this.#budget.giveBack(this.#size);
    this.#size = 0;
  }
}
