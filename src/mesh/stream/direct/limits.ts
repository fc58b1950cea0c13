/** Bounds of the streams on one link. */
export interface DirectLimits {
  /** Streams that either side may have open at once. */
  readonly streams: number;
  /** Streams that the neighbour may ask for in one go, and in each second for long. */
  readonly opensAtOnce: number;
  readonly opensPerSecond: number;
  /** What a stream may send before its reader was seen reading, in bytes, as long as {@link windowBytes} has room. */
  readonly firstWindowBytes: number;
  /** What it may send ahead once its reader keeps up, in bytes. */
  readonly largestWindowBytes: number;
  /** What it may send ahead when {@link windowBytes} is used up, in bytes. */
  readonly leastWindowBytes: number;
  /** What all streams together may send ahead, in bytes; beyond it each has {@link leastWindowBytes}. */
  readonly windowBytes: number;
  /** Payload of one data frame at most, in bytes: the turn of one stream among many. */
  readonly chunkBytes: number;
  /** A neighbour that asks and does not take the answers is cut when so many bytes wait for it. */
  readonly unansweredBytes: number;
  /** A writer whose far end closed in order hears of it so long after the last read, so that what came can be read. */
  readonly farewellMs: number;
}

/** The limits unless others are given. */
export const directLimits: DirectLimits = {
  streams: 10_000,
  opensAtOnce: 10_000,
  opensPerSecond: 2_000,
  firstWindowBytes: 256 * 1024,
  largestWindowBytes: 4 * 1024 * 1024,
  leastWindowBytes: 16 * 1024,
  windowBytes: 64 * 1024 * 1024,
  chunkBytes: 32 * 1024,
  unansweredBytes: 16 * 1024 * 1024,
  farewellMs: 5_000,
};
