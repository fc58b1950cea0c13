/** Why the monitor closes a WebSocket (docs/wire/monitor.md). Those from 4000 on are ours. */
export const closeCodes = {
  /** The channel has ended, and the viewer has all of it. */
  ended: 1000,
  /** The monitor stops. */
  stopping: 1001,
  /** The disk does not give back what it took. */
  unreadable: 1011,
  /** The viewer is too slow: the reason ends with the position it can resume from. */
  slow: 4008,
  /** The channel was given up with its messages. */
  dropped: 4009,
  /** What the viewer asked for is not understood. */
  invalid: 4400,
  /** The channel needs a token, and this is none for it. */
  refused: 4401,
  /** The right by which it watched has ended. */
  revoked: 4403,
  /** The viewer named no channel in time. */
  late: 4408,
  /** The channel has not come as far as the position that was asked for: begin anew. */
  beyond: 4416,
} as const;

/** A close is answered in so long, or the connection is cut. */
export const closeWaitMs = 5_000;
/** A slow viewer first has to read what is on its way. */
export const slowWaitMs = 30_000;
