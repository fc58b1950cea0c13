import { MonitorError } from "../errors.ts";

/** A frame of ZMTP 3: one part of a message, or a command. */
export interface ZmtpFrame {
  readonly isCommand: boolean;
  /** More parts of the same message follow. */
  readonly hasMore: boolean;
  /** A view of what came: to be used, or copied, before the next turn. */
  readonly body: Buffer;
}

const moreFlag = 1;
const longFlag = 2;
const commandFlag = 4;
const shortHeader = 2;
const longHeader = 9;

/**
 * Cuts bytes into frames, however they come in pieces. Each byte is copied at most once, and a frame longer than the limit
 * is refused by its header, before its bytes come.
 *
 * Source: RFC 37/ZMTP §"Framing", ReCodEx specification §6.
 */
export class FrameReader {
  readonly #longest: number;
  /** A frame, or the header of one, that has begun: as long as it will be. */
  #begun: Buffer | undefined;
  #have = 0;

  constructor(longestFrame: number) {
    this.#longest = longestFrame;
  }

  /** No frame has begun: the next byte is the first of one. */
  get isBetween(): boolean {
    return this.#begun === undefined;
  }

  /**
   * Take bytes from `at` on, up to the end of a frame at most.
   *
   * @returns where the rest begins, and the frame that is whole now, if one is.
   * @throws {MonitorError} `ZMTP_REFUSED`
   */
  take(chunk: Buffer, at: number): { readonly end: number; readonly frame: ZmtpFrame | undefined } {
    if (this.#begun) {
      const end = at + this.#fill(this.#begun, chunk, at);
      return { end, frame: this.#takeBegun() };
    }
    const length = neededBytes(chunk, at, this.#longest);
    if (at + length <= chunk.length) return { end: at + length, frame: frameIn(chunk, at, length) };
    this.#begun = Buffer.allocUnsafe(length);
    this.#have = 0;
    return { end: at, frame: undefined };
  }

  #fill(begun: Buffer, chunk: Buffer, at: number): number {
    const taken = chunk.copy(begun, this.#have, at);
    this.#have += taken;
    return taken;
  }

  /** The frame that has begun, if it is whole. When it was its header alone, the rest gets its room now. */
  #takeBegun(): ZmtpFrame | undefined {
    const begun = this.#begun;
    if (!begun || this.#have < begun.length) return undefined;
    const length = neededBytes(begun, 0, this.#longest);
    if (length === begun.length) {
      this.#begun = undefined;
      return frameIn(begun, 0, length);
    }
    this.#begun = Buffer.allocUnsafe(length);
    begun.copy(this.#begun);
    return undefined;
  }
}

/** Length of the frame at `at` with its header, or of the header alone while that is not whole. */
function neededBytes(bytes: Buffer, at: number, longest: number): number {
  const flags = bytes[at] as number;
  if (flags > 7 || (flags & (commandFlag | moreFlag)) === (commandFlag | moreFlag))
    throw new MonitorError("ZMTP_REFUSED", `its frame has the flags ${flags}, which mean nothing`);
  const isLong = (flags & longFlag) !== 0;
  const header = isLong ? longHeader : shortHeader;
  if (bytes.length - at < header) return header;
  const length = isLong ? longLength(bytes, at + 1) : (bytes[at + 1] as number);
  if (length > longest)
    throw new MonitorError("ZMTP_REFUSED", `its frame has ${length} bytes, and ${longest} are allowed`);
  return header + length;
}

function frameIn(bytes: Buffer, at: number, length: number): ZmtpFrame {
  const flags = bytes[at] as number;
  const header = (flags & longFlag) === 0 ? shortHeader : longHeader;
  return {
    isCommand: (flags & commandFlag) !== 0,
    hasMore: (flags & moreFlag) !== 0,
    body: bytes.subarray(at + header, at + length),
  };
}

/** 8 bytes, big endian. What a number cannot hold exactly is over every limit anyway. */
function longLength(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}

/** The bytes of a frame. */
export function encodeFrame(body: Uint8Array, { hasMore = false, isCommand = false } = {}): Buffer {
  const isLong = body.length > 255;
  const header = Buffer.alloc(isLong ? longHeader : shortHeader);
  header[0] = (hasMore ? moreFlag : 0) | (isLong ? longFlag : 0) | (isCommand ? commandFlag : 0);
  if (isLong) header.writeUInt32BE(body.length, 5);
  else header[1] = body.length;
  return Buffer.concat([header, body]);
}
