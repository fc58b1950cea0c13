import type { TlsServerProfile, TlsServerSource } from "#core";

/** Where a control service listens (spec §1.1, §5.4 `control-service`): a socket, a port, the mesh, or all three. */
export interface ControlListenerSettings {
  /** Path of the Unix socket. Beside it stands `<filename>.lock`. */
  readonly filename?: string | undefined;
  /** Mode of the Unix socket as a number; 0600 when absent. */
  readonly permissions?: number | undefined;
  /** A port on all addresses, or `host:port`; IPv6 hosts in brackets. */
  readonly tcpListen?: string | undefined;
  /** Makes the TCP listener a TLS one. A renewed certificate is taken up without a restart. */
  readonly tcpTls?: TlsServerProfile | TlsServerSource | undefined;
  /** Streams of the mesh are handed to `serve()`; then neither socket nor port is needed. */
  readonly onMesh?: boolean | undefined;
}

/** What one client may take. */
export interface ControlLimits {
  /** Longest request line in bytes. `@file` parameters travel in it, so it is generous. */
  readonly lineBytes: number;
  /** Deepest nesting of a JSON request. */
  readonly jsonDepth: number;
  /** Longest pause inside a request line that has begun. Over a socket a session between two requests may wait for ever. */
  readonly stalledLineMs: number;
  /** How long a session over the mesh may go without a request under way. */
  readonly idleMeshMs: number;
  /** Sessions at once, over all sockets of the listener. */
  readonly sessions: number;
  /** How many of {@link sessions} may come by TCP or TLS. The others are kept for the Unix socket. */
  readonly networkSessions: number;
  /** Sessions over the mesh at once. They take no place of a socket's. */
  readonly meshSessions: number;
  /** How many of {@link meshSessions} one node may have. Every unit it follows here is one of them. */
  readonly nodeSessions: number;
  /** Time for a TLS handshake (spec §10). */
  readonly handshakeMs: number;
  /** How long a session that is over waits for its client to hang up. */
  readonly lingerMs: number;
  /** How long `close()` waits for running commands. */
  readonly closeMs: number;
}

/** The limits unless others are given. */
export const controlLimits: ControlLimits = {
  lineBytes: 16 * 1024 * 1024,
  jsonDepth: 64,
  stalledLineMs: 30_000,
  idleMeshMs: 180_000,
  sessions: 1024,
  networkSessions: 896,
  meshSessions: 1024,
  nodeSessions: 512,
  handshakeMs: 10_000,
  lingerMs: 5_000,
  closeMs: 2_000,
};

/** What this room says about itself: connections that fail and commands that throw what they should not. */
export interface ControlLog {
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
}
