/**
 * Memory for what the engine writes, cut from large pieces: a buffer for each datagram of 16 KiB would keep the garbage
 * collector busier than the network. All connections share one slab, since nothing waits between `room` and `take`.
 */
export class MemorySlab {
  readonly #slabBytes: number;
  #slab = Buffer.alloc(0);
  #used = 0;

  constructor(slabBytes: number) {
    this.#slabBytes = slabBytes;
  }

  /** At least `bytes` of unused memory. */
  room(bytes: number): Buffer {
    if (this.#slab.length - this.#used < bytes) {
      this.#slab = Buffer.allocUnsafeSlow(Math.max(bytes, this.#slabBytes));
      this.#used = 0;
    }
    return this.#slab.subarray(this.#used);
  }

  /** The first `bytes` of the last {@link room}, now the caller's. A few are copied: they would hold on to the whole slab. */
  take(bytes: number): Buffer {
    const taken = this.#slab.subarray(this.#used, this.#used + bytes);
    if (bytes <= fewBytes) return Buffer.from(taken);
    this.#used += bytes;
    return taken;
  }
}

const fewBytes = 2048;
