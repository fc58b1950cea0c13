import type { Duplex } from "node:stream";

/**
 * A byte stream between two nodes. `end()` is a half-close: reading goes on. `destroy()` closes both directions at once
 * (application close 0, "normal close", which the far end reads as an ordinary end; spec §4.4).
 *
 * `allowHalfOpen` is on. A stream that breaks is destroyed with a MeshError (`STREAM_LOST`, `STREAM_REFUSED`, …).
 */
export interface MeshStream extends Duplex {
  readonly remoteNode: string;
  readonly remoteService: string;
}

/** What a dial asks for. */
export interface DialOptions {
  /** Name of a tls-client profile; without it the stream is encrypted but unauthenticated (spec §4.5). */
  readonly tls?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a listening service offers. */
export interface ListenOptions {
  /** Name of a tls-server profile. */
  readonly tls?: string | undefined;
  /** Gets each stream whose handshake is over, its hidden first byte already taken (spec §4.3). */
  readonly accept: (stream: MeshStream) => void;
}

/** Streams of one node, by whatever engine. */
export interface StreamEngine {
  /**
   * @throws {MeshError} `NO_ROUTE` is never thrown: a flap must not end a dial; `SERVICE_UNKNOWN`, `TIMEOUT` (15 s),
   * `TLS_REFUSED`, `TLS_PROFILE_UNKNOWN`, `STREAM_REFUSED`; the reason of the signal.
   */
  dial(node: string, service: string, options: DialOptions): Promise<MeshStream>;
  /** @throws {MeshError} `SERVICE_TAKEN`, `SERVICE_NAME_INVALID`, `TLS_PROFILE_UNKNOWN`; TlsProfileError. */
  listen(service: string, options: ListenOptions): { close(): Promise<void> };
  close(): Promise<void>;
}
