import type { Duplex } from "node:stream";
import { MeshError } from "../errors.ts";
import { breakOff } from "./break-off.ts";

/** How a splice went. */
export interface Spliced {
  /** Bytes that went from the left stream to the right one. */
  readonly toRight: number;
  readonly toLeft: number;
  /** Why it ended before both directions were over; undefined when both ended in order. */
  readonly error: Error | undefined;
}

/** Longest piece handed on at once (spec §1.6), so that a large one does not stand in front of everything else. */
const pieceBytes = 64 * 1024;

/**
 * Join two streams until both directions are over (spec §1.6). An end on one side is an end, and no more, on the other:
 * both must allow half-open. When one breaks, or is destroyed, the other is destroyed with the same error; a TCP
 * connection is reset then.
 *
 * Resolves when both are closed, and never rejects.
 */
export async function splice(left: Duplex, right: Duplex): Promise<Spliced> {
  const there = new Direction(left, right);
  const back = new Direction(right, left);
  // The first to break is the cause, the other is destroyed for it.
  let cause: Error | undefined;
  const broke = (error: Error): void => void (cause ??= error);
  await Promise.all([closedWith(left, right, broke), closedWith(right, left, broke)]);
  return { toRight: there.bytes, toLeft: back.bytes, error: cause };
}

/** Hands on what comes from one stream to the other, as fast as that one takes it. */
class Direction {
  bytes = 0;

  constructor(from: Duplex, to: Duplex) {
    from.on("data", (chunk: Buffer) => {
      this.bytes += chunk.length;
      if (!writePieces(to, chunk)) from.pause();
    });
    from.on("end", () => to.end());
    to.on("drain", () => from.resume());
  }
}

function writePieces(to: Duplex, chunk: Buffer): boolean {
  if (chunk.length <= pieceBytes) return to.write(chunk);
  let more = true;
  for (let at = 0; at < chunk.length; at += pieceBytes) more = to.write(chunk.subarray(at, at + pieceBytes));
  return more;
}

/** Resolves when `stream` is closed. If that was not in order the other goes with it. */
function closedWith(stream: Duplex, other: Duplex, broke: (error: Error) => void): Promise<void> {
  return new Promise((resolve) => {
    const closed = (): void => {
      if (!(stream.readableEnded && stream.writableFinished)) {
        broke(stream.errored ?? new MeshError("STREAM_LOST", "the stream was closed in the middle"));
        breakOff(other, stream.errored);
      }
      resolve();
    };
    stream.on("error", () => {});
    if (stream.closed) closed();
    else stream.on("close", closed);
  });
}
