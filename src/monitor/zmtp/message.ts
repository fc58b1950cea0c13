/** Parts of a message that are kept: what comes behind them is dropped, as nobody looks at it. */
export const keptParts = 16;

/**
 * A message as it stands in the bytes that came: where each part begins and ends, nothing more. There is one for each
 * connection, filled again and again: what is given of it holds until the call comes back.
 */
export class ZmtpMessage {
  bytes: Buffer = Buffer.alloc(0);
  /** How many parts. */
  count = 0;
  readonly #bounds = new Int32Array(2 * keptParts);

  start(n: number): number {
    return this.#bounds[2 * n] as number;
  }

  end(n: number): number {
    return this.#bounds[2 * n + 1] as number;
  }

  lengthOf(n: number): number {
    return this.end(n) - this.start(n);
  }

  /** A view of one part. */
  part(n: number): Buffer {
    return this.bytes.subarray(this.start(n), this.end(n));
  }

  /** Views of all parts. */
  parts(): Buffer[] {
    return Array.from({ length: this.count }, (_, n) => this.part(n));
  }

  /** Empty it, for parts of other bytes. */
  begin(bytes: Buffer): void {
    this.bytes = bytes;
    this.count = 0;
  }

  /** One part more, of {@link keptParts} at most. */
  add(start: number, end: number): void {
    this.#bounds[2 * this.count] = start;
    this.#bounds[2 * this.count + 1] = end;
    this.count++;
  }

  /** The message of parts that do not stand together. */
  assemble(parts: readonly Uint8Array[]): void {
    this.begin(Buffer.concat(parts));
    let at = 0;
    for (const { length } of parts) this.add(at, (at += length));
  }
}
