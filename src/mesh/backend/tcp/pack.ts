import { frameHeader } from "./framer.ts";

/** Up to this a message is cheaper copied than handed to the system by itself, bytes. */
const copiedBytes = 2048;
/** Longest piece of copied messages. */
const pieceBytes = 64 * 1024;

/**
 * Messages with their lengths before them, in few pieces. The system takes a thousand pieces at a time, and Node asks it
 * once in a turn of its loop: piece by piece, small messages would go out far slower than they come in.
 */
export function pack(messages: readonly Uint8Array[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < messages.length; ) {
    const end = endOfRun(messages, at);
    if (end > at) pieces.push(joined(messages.slice(at, end)));
    const long = messages[end];
    // Where a run ended because its piece is full, the next one begins.
    if (long && long.length > copiedBytes) pieces.push(frameHeader(long.length), long);
    at = long && long.length > copiedBytes ? end + 1 : end;
  }
  return pieces;
}

/** Where the short messages from `at` on stop, or fill a piece. */
function endOfRun(messages: readonly Uint8Array[], at: number): number {
  let bytes = 0;
  for (let end = at; ; end++) {
    const message = messages[end];
    if (!message || message.length > copiedBytes) return end;
    bytes += 2 + message.length;
    if (bytes > pieceBytes) return end;
  }
}

function joined(messages: readonly Uint8Array[]): Uint8Array {
  const piece = Buffer.allocUnsafe(messages.reduce((sum, { length }) => sum + 2 + length, 0));
  let at = 0;
  for (const message of messages) {
    at = piece.writeUInt16LE(message.length, at);
    piece.set(message, at);
    at += message.length;
  }
  return piece;
}
