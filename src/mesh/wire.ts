/**
 * Shapes of the mesh as the control service's `status` reports them (spec §1.5). No I/O.
 */

/** What a service speaks: datagrams, streams with the built-in certificate, streams with a TLS profile. */
export const connType = { datagram: 0, stream: 1, streamTls: 2 } as const;
export type ConnType = (typeof connType)[keyof typeof connType];

/** A direct neighbour and what the link to it costs. */
export interface MeshConnection {
  readonly NodeID: string;
  readonly Cost: number;
}

/** A work type that a node's control service offers; a secure one takes signed work only. */
export interface AdvertisedWorkCommand {
  readonly WorkType: string;
  readonly Secure: boolean;
}

/** A service some node offers. All keys are always there. */
export interface AdvertisedService {
  readonly NodeID: string;
  readonly Service: string;
  /** RFC 3339 with a zone and up to nine digits after the second; of the own node it is now. */
  readonly Time: string;
  readonly ConnType: ConnType;
  readonly Tags: Readonly<Record<string, string>> | null;
  readonly WorkCommands: readonly AdvertisedWorkCommand[] | null;
}

/** The part of `status` that the mesh knows. Make its records with `Object.fromEntries`: `__proto__` may be a node. */
export interface MeshStatus {
  /** Direct neighbours only. */
  readonly Connections: readonly MeshConnection[];
  /** The first hop to each node that can be reached; the own one is not in it. */
  readonly RoutingTable: Readonly<Record<string, string>>;
  readonly Advertisements: readonly AdvertisedService[];
  /** What each known node says its links cost. */
  readonly KnownConnectionCosts: Readonly<Record<string, Readonly<Record<string, number>>>>;
}
