import type { Place } from "../journal/journal.ts";

/** A run of messages of a channel, and where its frames stand. */
export interface Extent extends Place {
  readonly length: number;
  /** Position of its first message. */
  readonly from: number;
}

const stride = 4;

/**
 * Where the messages of one channel stand, in their order. Four numbers for each run: position, bytes before it, segment,
 * offset. Nothing else is held for a message that is not in memory.
 */
export class Extents {
  readonly #numbers: number[] = [];
  #bytes = 0;
  #end = 0;

  /** How many runs. */
  get count(): number {
    return this.#numbers.length / stride;
  }

  /** Of all frames. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The position the next message will have. */
  get end(): number {
    return this.#end;
  }

  /** Behind all there are; a gap in the positions stays one. */
  add(from: number, count: number, length: number, { segment, offset }: Place): void {
    this.#numbers.push(from, this.#bytes, segment, offset);
    this.#bytes += length;
    this.#end = from + count;
  }

  at(n: number): Extent {
    const i = n * stride;
    const next = this.#numbers[i + stride + 1] ?? this.#bytes;
    const bytesBefore = this.bytesBefore(n);
    return {
      from: this.#numbers[i] ?? this.#end,
      length: next - bytesBefore,
      segment: this.#numbers[i + 2] ?? 0,
      offset: this.#numbers[i + 3] ?? 0,
    };
  }

  /** Position of the first message of run `n`, or the end. */
  positionOf(n: number): number {
    return this.#numbers[n * stride] ?? this.#end;
  }

  /** Bytes of the runs before run `n`. */
  bytesBefore(n: number): number {
    return this.#numbers[n * stride + 1] ?? this.#bytes;
  }

  /** The same run stands elsewhere now. */
  move(n: number, { segment, offset }: Place): void {
    this.#numbers[n * stride + 2] = segment;
    this.#numbers[n * stride + 3] = offset;
  }

  /** The run with the message of a position: the last that does not begin behind it. */
  find(position: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#numbers[middle * stride] as number) <= position) low = middle + 1;
      else high = middle;
    }
    return position >= this.#end ? this.count : Math.max(0, low - 1);
  }
}
