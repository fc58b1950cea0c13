/** Times and bounds of the streams of a node. */
export interface QuicLimits {
  /** Longest datagram, bytes: what fits a mesh message of 16384 bytes. Towards Receptor the engine sends at most 1452. */
  readonly maxDatagramBytes: number;
  /** The same where some road on the way may lose messages: what IP cuts to pieces is lost with any one of them. */
  readonly shortDatagramBytes: number;
  /** A handshake takes at most so long. */
  readonly handshakeMs: number;
  /** Silence after which a stream is lost. */
  readonly idleMs: number;
  /** A dialer that has heard nothing for so long, or up to a third longer, lets hear from itself (spec §4.2). */
  readonly keepAliveMs: number;
  /** A far end that has started anew and is asked whether it still knows a connection must answer within this time. */
  readonly probeMs: number;
  /** A dialer whose handshake is over opens its stream within this time (spec §4.3). */
  readonly acceptMs: number;
  /**
   * Time for the far end to read what it has already acknowledged, between our end of a finished stream and the close
   * of its connection, which would throw that away. A Receptor listener reads on at once; a Receptor dialer may be slow.
   */
  readonly dialerLingerMs: number;
  readonly listenerLingerMs: number;
  /** What was written before a stream was destroyed is still delivered, if that takes no longer. */
  readonly farewellMs: number;
  /**
   * Connections of one listener: in all, and from one node. Node ids of sources are not proven, hence both. A server has one
   * for each worker, and for a moment two of those that come back.
   */
  readonly connections: number;
  readonly connectionsPerNode: number;
  /** The same for those whose handshake is under way. */
  readonly handshakes: number;
  readonly handshakesPerNode: number;
}

/** Receptor's times where it has them (spec §10). */
export const defaultQuicLimits: QuicLimits = {
  maxDatagramBytes: 16384 - 36,
  shortDatagramBytes: 1200,
  handshakeMs: 15_000,
  idleMs: 30_000,
  keepAliveMs: 15_000,
  probeMs: 3_000,
  acceptMs: 60_000,
  dialerLingerMs: 500,
  listenerLingerMs: 10_000,
  farewellMs: 5_000,
  connections: 20_000,
  connectionsPerNode: 1_000,
  handshakes: 500,
  handshakesPerNode: 100,
};
