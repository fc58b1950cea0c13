import type { IdentityFiles, Membership } from "./identity.ts";

/** Name of the TLS profiles of a managed worker, for its road and for its streams. */
export const fleetProfile = "farhand-fleet";

/** One section of a settings file in list form. */
export type Section = Readonly<Record<string, object>>;

/** What the membership adds to a worker's own sections. */
export interface MembershipSettings {
  readonly membership: Membership;
  readonly files: IdentityFiles;
  readonly dataDir: string;
  /** More fields of the node. */
  readonly node: Readonly<Record<string, unknown>>;
  /** Roads to the server, as sections; none: a WebSocket on the server's own port. */
  readonly roads: readonly Section[];
}

/**
 * The sections that make a worker its server's: a stub on the server's mesh that proves its node id on its roads and for
 * its streams, and takes streams of nobody else's authority.
 */
export function membershipSections({ membership, files, dataDir, node, roads }: MembershipSettings): Section[] {
  const { certificate: cert, key, authority } = files;
  return [
    { node: { ...node, id: membership.node, datadir: dataDir, stub: true } },
    { "tls-client": { name: fleetProfile, cert, key, rootcas: authority } },
    { "tls-server": { name: fleetProfile, cert, key, clientcas: authority, requireclientcert: true } },
    ...(roads.length > 0 ? roads : [webSocketRoad(membership.serverUrl)]),
  ];
}

/** The road that needs nothing but the server's own port. */
function webSocketRoad(serverUrl: string): Section {
  const url = new URL(serverUrl);
  url.protocol = url.protocol === "http:" ? "ws:" : "wss:";
  url.pathname = `${url.pathname.replace(/\/$/, "")}/mesh`;
  return { "ws-peer": { address: url.href, ...(url.protocol === "wss:" && { tls: fleetProfile }) } };
}
