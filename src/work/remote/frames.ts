/**
 * Frames in which an executing Farhand node pushes a unit to the node that mirrors it: one byte of kind, four bytes of
 * length (big-endian), the body. Pure; `docs/wire/remote-work.md` describes the conversation.
 */

/** What a frame is about. */
export const FrameKind = { Status: 1, Output: 2, Fault: 3 } as const;
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

const headerBytes = 5;
/** Longest body of a status or fault. */
export const maxTextBytes = 1024 * 1024;
/** Longest body of an output frame. It is never held as a whole, so this only tells garbage from frames. */
export const maxOutputBytes = 16 * 1024 * 1024;

/** The bytes in front of a body. */
export function frameHeader(kind: FrameKind, length: number): Buffer {
  const header = Buffer.allocUnsafe(headerBytes);
  header.writeUInt8(kind, 0);
  header.writeUInt32BE(length, 1);
  return header;
}

/** What came: a whole text, or a piece of output as large as it happened to arrive. */
export type FrameEvent =
  | { readonly kind: "status" | "fault"; readonly text: string }
  | { readonly kind: "output"; readonly bytes: Buffer };

/** Thrown for bytes that are no frames. */
export class FrameError extends Error {
  override readonly name = "FrameError";
}

/** Takes frames apart that arrive in any pieces. Holds at most one text. */
export class FrameReader {
  #head = Buffer.alloc(0);
  #kind: FrameKind | undefined;
  #left = 0;
  #text: Buffer[] = [];

  /** True between two frames. */
  get isAtEnd(): boolean {
    return this.#kind === undefined && this.#head.length === 0;
  }

  /** What these bytes complete; output refers to their memory. @throws {FrameError} then nothing more can be read. */
  *push(chunk: Buffer): Generator<FrameEvent> {
    for (let rest = chunk; rest.length > 0; ) {
      if (this.#kind === undefined) {
        rest = this.#readHeader(rest);
        if (this.#kind === undefined || this.#left > 0) continue;
      }
      const bytes = rest.subarray(0, this.#left);
      rest = rest.subarray(bytes.length);
      this.#left -= bytes.length;
      if (this.#kind === FrameKind.Output) {
        if (bytes.length > 0) yield { kind: "output", bytes };
      } else if (bytes.length > 0) this.#text.push(Buffer.from(bytes));
      if (this.#left === 0) yield* this.#finish();
    }
  }

  #readHeader(chunk: Buffer): Buffer {
    const missing = headerBytes - this.#head.length;
    this.#head = Buffer.concat([this.#head, chunk.subarray(0, missing)]);
    if (this.#head.length < headerBytes) return chunk.subarray(missing);
    const kind = this.#head.readUInt8(0);
    this.#left = this.#head.readUInt32BE(1);
    this.#head = Buffer.alloc(0);
    if (kind !== FrameKind.Status && kind !== FrameKind.Output && kind !== FrameKind.Fault) {
      throw new FrameError(`a frame of unknown kind ${kind}`);
    }
    const limit = kind === FrameKind.Output ? maxOutputBytes : maxTextBytes;
    if (this.#left === 0 || this.#left > limit) throw new FrameError(`a frame of ${this.#left} bytes`);
    this.#kind = kind;
    return chunk.subarray(missing);
  }

  *#finish(): Generator<FrameEvent> {
    const kind = this.#kind;
    this.#kind = undefined;
    if (kind === FrameKind.Output) return;
    const text = Buffer.concat(this.#text).toString();
    this.#text = [];
    yield { kind: kind === FrameKind.Status ? "status" : "fault", text };
  }
}
