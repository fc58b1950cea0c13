/** A place on a node that datagrams come to and go from (spec §3.5): what a stream engine stands on. */
export interface DatagramSocket {
  /** At most 8 bytes; of a dialer eight random letters and digits. */
  readonly service: string;
  /**
   * Send one datagram, over at most `hops` nodes (30 when absent). Nothing says whether it arrives; the memory may be held until it is written.
   *
   * @throws {MeshError} `NO_ROUTE`, `NO_CONNECTION`, `BLOCKED`, `SERVICE_UNKNOWN` (own node only), `MESSAGE_TOO_LONG`.
   */
  send(toNode: string, toService: string, payload: Uint8Array, hops?: number): void;
  close(): void;
}

/** What comes to a {@link DatagramSocket}. */
export interface DatagramEvents {
  /** The memory is the receiver's. */
  received(payload: Uint8Array, fromNode: string, fromService: string): void;
  /** A node on the way says that a datagram of this socket did not arrive (spec §3.8). */
  unreachable(report: UnreachableReport): void;
}

/** The addresses are those of the datagram that did not arrive; `reporter` is the node that noticed. */
export interface UnreachableReport {
  readonly reporter: string;
  readonly toNode: string;
  readonly toService: string;
  /** `service unknown`, `message expired` or `blocked by firewall`. */
  readonly problem: string;
}

/** Opens {@link DatagramSocket}s of one node: a service by name, or a fresh ephemeral one. */
export type OpenDatagrams = (service: string | undefined, events: DatagramEvents) => DatagramSocket;
