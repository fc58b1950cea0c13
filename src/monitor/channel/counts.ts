/** What became of messages since the start. */
export interface TakenCounts {
  taken: number;
  /** Came after the end of their channel. */
  late: number;
  /** Came when their channel, or the disk, was full. */
  refused: number;
  /** Had a shape that means nothing: one frame, no UTF-8. */
  skipped: number;
  /** Channels that were given up. */
  dropped: number;
}

export function countsOf(): TakenCounts {
  return { taken: 0, late: 0, refused: 0, skipped: 0, dropped: 0 };
}
