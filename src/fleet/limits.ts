/** Bounds of one conversation. What stands in {@link window} is part of the protocol; the rest is each side's own. */
export interface ConversationLimits {
  /** Calls and events of our own that wait to be acknowledged: beyond either, further ones are refused. */
  readonly backlogMessages: number;
  readonly backlogBytes: number;
  /** Handlers that run at once. */
  readonly running: number;
  /** While so many bytes of replies wait to be acknowledged, no further handler is begun. */
  readonly replyBytes: number;
  /** Time for the other side to say its session on a new stream, milliseconds. */
  readonly sessionMs: number;
}

/** The limits unless others are given. */
export const conversationLimits: ConversationLimits = {
  backlogMessages: 1_024,
  backlogBytes: 8 * 1024 * 1024,
  running: 64,
  replyBytes: 4 * 1024 * 1024,
  sessionMs: 30_000,
};

/** Calls and events that a side may have sent and the other has not begun to handle. */
export const window = { messages: 256, bytes: 4 * 1024 * 1024 } as const;
