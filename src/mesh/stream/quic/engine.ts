/**
 * A QUIC implementation that does no I/O: datagrams are handed in and taken out, and time is asked for.
 *
 * The one engine is `quiche-engine.ts`; a later one must pass `engine-suite.test.ts`. Nothing else in the room knows
 * which it is.
 */
export interface QuicEngine {
  /** For logs: `quiche 0.18`. */
  readonly name: string;
  /** QUIC versions it speaks (1 is RFC 9000). */
  readonly versions: readonly number[];
  /** Begin a connection as client. `sourceId` is our connection id: {@link connectionIdBytes} random bytes. */
  connect(profile: QuicProfile, sourceId: Uint8Array): QuicConnection;
  /**
   * Begin a connection as server; the client's first datagram is to be given to {@link QuicConnection.receive}.
   *
   * @param resetToken 16 bytes by which the client knows a stateless reset of this connection (RFC 9000 §10.3).
   */
  accept(profile: QuicProfile, sourceId: Uint8Array, resetToken: Uint8Array): QuicConnection;
}

/** Length of the connection ids we choose, so that short headers can be read. */
export const connectionIdBytes = 20;

/**
 * What connections are made with. An engine keeps what it derives from a profile by the object itself, so give the same
 * object again as long as nothing in it changed.
 */
export interface QuicProfile {
  readonly tls: QuicTls;
  readonly transport: QuicTransport;
}

/** What we show to the far end. Whom to trust is judged by the caller, from {@link QuicConnection.peerChain}. */
export interface QuicTls {
  /** PEM, with intermediates behind it. A server must have one. */
  readonly cert?: Uint8Array | undefined;
  /** PEM. */
  readonly key?: Uint8Array | undefined;
  /** A client that shows no certificate fails its handshake. A server always shows one. */
  readonly requireClientCert?: boolean | undefined;
}

/** Transport parameters and limits of a connection (spec §4.2). */
export interface QuicTransport {
  readonly alpn: string;
  /** Milliseconds of silence after which a connection is over; the smaller of both ends counts. */
  readonly idleMs: number;
  /** Longest datagram to send and to take; the smaller of both ends counts. At least 1200. */
  readonly maxDatagramBytes: number;
  /** Flow control windows: what the far end may send unread at first, and how far that grows. */
  readonly streamWindowBytes: number;
  readonly maxStreamWindowBytes: number;
  readonly connectionWindowBytes: number;
  readonly maxConnectionWindowBytes: number;
  /** Bidirectional streams the far end may have open at once. It gets no unidirectional ones. */
  readonly peerStreams: number;
}

/** One connection. No method waits; after each of them {@link send} may have something and {@link timeout} differ. */
export interface QuicConnection {
  readonly isEstablished: boolean;
  /** How it ended: known as soon as either side closed it, before {@link isClosed}. */
  readonly ending: QuicEnding | undefined;
  /** Nothing is left to send or to wait for. */
  readonly isClosed: boolean;
  /** Packets that came and were the far end's own: what is forged, or answers for another connection, does not count. */
  readonly packetsReceived: number;
  /** Nothing of ours waits to be acknowledged, or to be sent with the next datagram: all there may be to say is that something came. */
  readonly isResting: boolean;
  /** Take a datagram, whose memory is altered. One that is damaged, alien or hostile is ignored or ends the connection. */
  receive(datagram: Uint8Array): void;
  /** Write the next datagram to the start of `into`: its length, or 0 when there is none now. */
  send(into: Uint8Array): number;
  /** Milliseconds until {@link onTimeout} is due. */
  timeout(): number | undefined;
  /** Tell it that time has passed. Harmless when called early. */
  onTimeout(): void;
  /** Have the far end answer, so that neither end thinks the other gone. */
  ping(): void;
  /** Certificates the far end showed, leaf first, DER. Empty when it showed none. */
  peerChain(): Uint8Array[];
  /**
   * Send bytes, and with `fin` the end, on a stream; our next own stream is opened by its first use. The bytes are copied.
   *
   * @returns how many were taken, undefined for none. The fin counts only when all were taken. A fin without bytes may
   *   have to wait for the acknowledgement of what was sent before, and is then not taken either.
   * @throws {QuicStreamEnded} `stopped` by the far end, or `refused`: it allows no such stream.
   */
  streamSend(stream: number, bytes: Uint8Array, fin: boolean): number | undefined;
  /** A fin without bytes was not taken, and may be now. */
  readonly takesFin: boolean;
  /**
   * Read into `into`.
   *
   * @returns how many bytes there were, and whether they were the last; undefined when there is nothing now.
   * @throws {QuicStreamEnded} `reset` by the far end.
   */
  streamReceive(stream: number, into: Uint8Array): readonly [bytes: number, fin: boolean] | undefined;
  /** {@link streamReceive} has something to say. Also after the connection ended. */
  streamReadable(stream: number): boolean;
  /** Tell the far end that we read no more of a stream (STOP_SENDING). */
  streamStop(stream: number, code: number): void;
  /** Break off what we send on a stream (RESET_STREAM). */
  streamReset(stream: number, code: number): void;
  /** A stream that was used is finished in both directions, and the far end has everything we sent. */
  streamDone(stream: number): boolean;
  /** Close the connection, with a code of the application or of the transport. */
  close(by: "application" | "transport", code: number, reason: string): void;
}

/** How a connection ended. */
export type QuicEnding =
  | {
      readonly kind: "closed";
      readonly by: "us" | "peer";
      readonly level: "application" | "transport";
      readonly code: number;
      readonly reason: string;
    }
  | { readonly kind: "idle" }
  /** The far end does not know the connection any more (stateless reset). */
  | { readonly kind: "forgotten" };

/** A stream that takes or gives no more because the far end wants it so. Never leaves `stream/quic`. */
export class QuicStreamEnded extends Error {
  override readonly name = "QuicStreamEnded";
  readonly kind: "stopped" | "reset" | "refused";
  /** The far end's application code. */
  readonly code: number;

  constructor(kind: QuicStreamEnded["kind"], code: number) {
    super(`stream ${kind} by the far end (code ${code})`);
    this.kind = kind;
    this.code = code;
  }
}
