import type { IdentityFiles, Membership } from "./identity.ts";

/** Name of the TLS profiles of a managed worker's streams: both ends show certificates of the server's authority. */
export const fleetProfile = "farhand-fleet";
/**
 * Name of the TLS profile of its roads. A port may show the certificate of an operator, or of a proxy; what is carried over
 * it is under TLS from end to end besides (decision 15).
 */
export const roadProfile = "farhand-road";

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
  /** Addresses of that port in order; none: the one the worker enrolled at. */
  readonly urls?: readonly string[] | undefined;
  /** URL of the HTTP proxy; the environment's when absent. */
  readonly proxy?: string | undefined;
}

/**
 * The sections that make a worker its server's: a stub on the server's mesh that proves its node id on its roads and for
 * its streams, and takes streams of nobody else's authority.
 */
export function membershipSections(settings: MembershipSettings): Section[] {
  const { membership, files, dataDir, node, roads } = settings;
  const { certificate: cert, key, authority, portAuthorities } = files;
  return [
    { node: { ...node, id: membership.node, datadir: dataDir, stub: true } },
    { "tls-client": { name: fleetProfile, cert, key, rootcas: authority } },
    { "tls-server": { name: fleetProfile, cert, key, clientcas: authority, requireclientcert: true } },
    { "tls-client": { name: roadProfile, cert, key, rootcas: portAuthorities, wellknownroots: true } },
    ...(roads.length > 0 ? roads : [webSocketRoad(settings)]),
  ];
}

/** The road that needs nothing but the server's own port. */
function webSocketRoad({ membership, urls = [], files, proxy }: MembershipSettings): Section {
  const [address = "", ...alternates] = (urls.length > 0 ? urls : [membership.serverUrl]).map(roadUrl);
  const tls = [address, ...alternates].some((url) => url.startsWith("wss:")) ? { tls: roadProfile } : {};
  return {
    "ws-peer": {
      // A server that is away for long is not asked all the time (CAT-38).
      ...{ address, redialmax: "5m", proofkey: files.key, allowedpeers: [membership.serverNode] },
      ...(alternates.length > 0 && { alternates }),
      ...(proxy !== undefined && { proxy }),
      ...tls,
    },
  };
}

function roadUrl(serverUrl: string): string {
  const url = new URL(serverUrl);
  url.protocol = url.protocol === "http:" ? "ws:" : "wss:";
  url.pathname = `${url.pathname.replace(/\/$/, "")}/mesh`;
  return url.href;
}
