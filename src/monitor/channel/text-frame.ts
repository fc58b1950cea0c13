/** Server frames of WebSocket (RFC 6455 §5.2) that hold one whole text message: unmasked, uncompressed, unfragmented. */

const finalText = 0x81;
const shortPiece = 48;

/** The frame of a text that comes in pieces. */
export function textFrame(pieces: readonly Uint8Array[]): Buffer {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  const frame = Buffer.allocUnsafe(headerBytes(length) + length);
  let at = writeHeader(frame, length);
  for (const piece of pieces) {
    // Most are so short that a call would cost more than the bytes.
    if (piece.length > shortPiece) frame.set(piece, at);
    else for (let n = 0; n < piece.length; n++) frame[at + n] = piece[n] as number;
    at += piece.length;
  }
  return frame;
}

function headerBytes(length: number): number {
  return length < 126 ? 2 : length < 65_536 ? 4 : 10;
}

/** Write the header of a text of so many bytes at the beginning. @returns where the text begins. */
export function writeHeader(frame: Buffer, length: number): number {
  const bytes = headerBytes(length);
  frame[0] = finalText;
  if (bytes === 2) frame[1] = length;
  else if (bytes === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeUInt32BE(0, 2);
    frame.writeUInt32BE(length, 6);
  }
  return bytes;
}

/** Length of the frame at `at`, with its header; undefined where no whole frame of ours stands. */
export function frameLength(bytes: Buffer, at: number): number | undefined {
  if (bytes.length - at < 2 || bytes[at] !== finalText) return undefined;
  const short = bytes[at + 1] as number;
  const header = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (short > 127 || bytes.length - at < header) return undefined;
  const length = header === 2 ? short : header === 4 ? bytes.readUInt16BE(at + 2) : bytes.readUInt32BE(at + 6);
  return at + header + length <= bytes.length ? header + length : undefined;
}

/** Where the frame behind `count` frames begins; undefined when there are not that many. */
export function skipFrames(bytes: Buffer, count: number): number | undefined {
  let at = 0;
  for (let skipped = 0; skipped < count; skipped++) {
    const length = frameLength(bytes, at);
    if (length === undefined) return undefined;
    at += length;
  }
  return at;
}

/** How many whole frames of ours the bytes are; undefined when they are anything else. */
export function countFrames(bytes: Buffer): number | undefined {
  let count = 0;
  for (let at = 0; at < bytes.length; count++) {
    const length = frameLength(bytes, at);
    if (length === undefined) return undefined;
    at += length;
  }
  return count;
}

/** The text of the frame at `at`. */
export function frameText(bytes: Buffer, at: number): string {
  const length = frameLength(bytes, at) ?? 0;
  const short = bytes[at + 1] ?? 0;
  return bytes.toString("utf8", at + (short < 126 ? 2 : short === 126 ? 4 : 10), at + length);
}
