import { isLoopback } from "../loopback.ts";

/** How many may watch. */
export interface SeatLimits {
  readonly most: number;
  /** From one address; 0 is any number. Viewers of this machine count only in all: a proxy would be one address. */
  readonly mostPerAddress: number;
}

/** Counts viewers, by address. */
export class Seats {
  readonly #limits: SeatLimits;
  readonly #byAddress = new Map<string, number>();
  #taken = 0;

  constructor(limits: SeatLimits) {
    this.#limits = limits;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Take a seat; gives why there is none otherwise. */
  take(address: string): "full" | "full-for-address" | undefined {
    if (this.#taken >= this.#limits.most) return "full";
    const here = this.#byAddress.get(address) ?? 0;
    const isCounted = this.#limits.mostPerAddress > 0 && !isLoopback(address);
    if (isCounted && here >= this.#limits.mostPerAddress) return "full-for-address";
    this.#byAddress.set(address, here + 1);
    this.#taken++;
    return undefined;
  }

  leave(address: string): void {
    const here = (this.#byAddress.get(address) ?? 0) - 1;
    if (here > 0) this.#byAddress.set(address, here);
    else this.#byAddress.delete(address);
    this.#taken--;
  }
}
