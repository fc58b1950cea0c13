/**
 * The reliable message road that direct streams stand on: one kind of message of a mesh link between two Farhand nodes.
 * Frames arrive all, once, whole and in order as long as the pipe lives.
 */
export interface DirectPipe {
  /** Longest frame that can be sent, bytes; at least 2048. */
  readonly maxFrameBytes: number;
  /** Bytes the link was given, by anybody, that the operating system or the far end has not taken yet. */
  readonly queuedBytes: number;
  /** Above this no data is sent until {@link DirectPipeEvents.drained}; so much may stand before a ping at most. */
  readonly highWaterBytes: number;
  /** Begin to receive. Called once, by the streams. */
  start(events: DirectPipeEvents): void;
  /**
   * Send a frame. Never waits and never throws. The memory is the pipe's from now on, and so are the
   * {@link headroomBytes} before it, so that a message type can stand in front without a copy.
   */
  send(frame: Uint8Array): void;
  /** The neighbour broke the rules of direct streams: end the link. Nothing is sent or expected afterwards. */
  cut(error: Error): void;
}

/** What comes out of a pipe. */
export interface DirectPipeEvents {
  /** One whole frame. The memory is the receiver's: it may be kept. */
  frame(frame: Uint8Array): void;
  /** {@link DirectPipe.queuedBytes} is low after it had been above {@link DirectPipe.highWaterBytes}. */
  drained(): void;
  /** The link is over; without an error it was closed in order. Nothing comes after this. */
  closed(error?: Error): void;
}

/** Bytes of the same memory before every frame that is sent which the pipe may write. */
export const headroomBytes = 1;
