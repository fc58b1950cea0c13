/**
 * A road to neighbours (design §2, idea 2). A listener gives a session for each neighbour that comes, a dialer one
 * after the other to the same neighbour; the node cannot tell them apart.
 *
 * Every kind passes the suite of `test/kit/backend/conformance.ts`.
 */
export interface Backend {
  /** For logs and metrics: `tcp-listener 0.0.0.0:2222`, `ws-peer wss://hub/mesh`. */
  readonly description: string;
  /**
   * Begin. A listener resolves when it listens, or tries to at a broker; a dialer at once, its first dial goes on behind.
   *
   * @param accept gets each session as soon as messages can cross; it calls {@link Session.start} before it returns.
   * @throws {MeshError} `LISTEN_FAILED` when a listener cannot bind; TlsProfileError when a profile cannot be used.
   */
  start(accept: (session: Session) => void): Promise<OpenBackend>;
}

/** A backend that runs. */
export interface OpenBackend {
  /** Where a listener listens, with the real port when 0 was asked (`127.0.0.1:2222`); none for a dialer. */
  readonly addresses: readonly string[];
  /** Why it cannot be used now, while it tries again: a far end or a broker that is away. Undefined: nothing is wrong. */
  readonly problem?: string | undefined;
  /** Stop listening or dialling, close every session it gave, and free their sockets. */
  close(): Promise<void>;
}

/** What comes out of a session. Never called before {@link Session.start} or after it closed. */
export interface SessionEvents {
  /** One whole message, never empty. The memory is the receiver's: it may be kept and altered. */
  message(message: Uint8Array): void;
  /** {@link Session.queuedBytes} fell below {@link lowWaterBytes} after it had been above {@link highWaterBytes}. */
  drained(): void;
}

/** Whole messages to and from one neighbour. */
export interface Session {
  /** For logs and people: `tcp 10.0.0.7:51234`. */
  readonly description: string;
  /** Messages arrive all, once and in order as long as the session lives (everything but UDP). */
  readonly isReliable: boolean;
  /** Longest message that can be sent, bytes (spec §3.2). */
  readonly maxMessageBytes: number;
  /** Bytes taken by {@link send} that the operating system or the far end has not taken yet. */
  readonly queuedBytes: number;
  /** Receptor node ids in the certificate the neighbour proved by TLS; undefined when it showed none. */
  readonly provenNodeIds: readonly string[] | undefined;
  /** Resolves once when the session is over, with why (undefined: closed in order, by either side). Never rejects. */
  readonly closed: Promise<Error | undefined>;
  /** Begin to receive. Messages that came before are kept (bounded) and given now. */
  start(events: SessionEvents): void;
  /**
   * Send a message. Never waits and never throws: on a session that is over, or for an empty or too long message, it
   * does nothing. The session may hold the memory until it is written: do not alter it.
   */
  send(message: Uint8Array): void;
  /** End the session; what is queued is still sent when that goes within a moment. */
  close(): void;
}

/** Above this whoever has more to send waits for `drained`: it would only make routing and pings wait. */
export const highWaterBytes = 256 * 1024;
/** Below this a session that was above the other mark says `drained`. */
export const lowWaterBytes = 64 * 1024;
/** Above this nothing must be sent any more that can be lost (data); routing still goes. */
export const fullBytes = 1024 * 1024;
