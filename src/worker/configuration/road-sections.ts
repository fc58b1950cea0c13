import type { WorkerConfiguration } from "./effective.ts";
import type { WrittenSection } from "./directives.ts";

/** Below the address of a server: where its roads for workers begin. */
export const roadPaths = { ws: "/mesh", http: "/mesh/http" } as const;

/** What a worker's membership says of its roads. */
export interface RoadContext {
  /** Name of a TLS profile that stands elsewhere. */
  readonly profile?: string | undefined;
  /** Id of the server's node, where the document does not name it. */
  readonly hub?: string | undefined;
  /** File with the key by which the worker proves its node id where its certificate cannot be seen. */
  readonly proofKey?: string | undefined;
}

/** Name of the TLS profile for the server. */
const profileName = "farhand-server";

type Road = WorkerConfiguration["roads"][number];

/**
 * The sections that lead to the server: one peer for each road, and the TLS profile they share. A road without an address
 * goes to the server's, by WebSocket to the first that answers, and without any road there is a WebSocket.
 */
export function roadSections(
  values: WorkerConfiguration,
  { profile, hub, proofKey }: RoadContext = {},
): WrittenSection[] {
  const { roads, server } = values;
  const isDefault = roads.length === 0;
  const all: readonly Road[] = isDefault && server.urls.length > 0 ? [{ kind: "ws" }] : roads;
  const tls = profile ?? (server.pin !== null || server.caFile !== null ? profileName : undefined);
  const peers = all.flatMap((road, n) =>
    peersOf(road, isDefault ? "/server/urls" : `/roads/${n}`, server, { profile: tls, hub, proofKey }),
  );
  const needsProfile = profile === undefined && peers.some(({ values: { tls } }) => tls !== undefined);
  return needsProfile ? [profileSection(server), ...peers] : peers;
}

type Server = WorkerConfiguration["server"];

function peersOf(
  road: Road,
  path: string,
  server: Server,
  { profile, proofKey, ...context }: RoadContext,
): WrittenSection[] {
  const hub = road.hub ?? server.name ?? context.hub;
  const known = hub === undefined ? {} : { allowedpeers: [hub] };
  const terms = { ...(road.cost !== undefined && { cost: road.cost }), ...known };
  switch (road.kind) {
    case "tcp":
      return [
        { section: "tcp-peer", path, values: { address: road.address, ...terms, ...(profile && { tls: profile }) } },
      ];
    case "amqp": {
      // The broker is another program than the server, with a certificate of its own.
      const prefix = road.prefix === undefined ? {} : { prefix: road.prefix };
      const to = hub === undefined ? {} : { hub };
      return [{ section: "amqp-peer", path, values: { url: road.url.reveal(), ...to, ...prefix, ...terms } }];
    }
    case "ws":
    case "http":
      return webPeers(road, path, { server, profile, proofKey, terms });
  }
}

interface WebPeerContext {
  readonly server: Server;
  readonly profile: string | undefined;
  readonly proofKey: string | undefined;
  readonly terms: object;
}

function webPeers(
  road: Extract<Road, { kind: "ws" | "http" }>,
  path: string,
  { server, profile, proofKey, terms }: WebPeerContext,
): WrittenSection[] {
  const urls = road.url ? [withPath(road.url.reveal())] : server.urls.map((url) => roadUrl(url, road.kind));
  const header = road.header ? { extraheader: road.header.reveal() } : {};
  const proxy = server.proxy ? { proxy: server.proxy.reveal() } : {};
  const fields = road.url ? { address: "/url", extraheader: "/header" } : { address: "", url: "" };
  const more = { ...terms, ...header, ...proxy };
  const tlsFor = (all: readonly string[]) =>
    profile !== undefined && all.some((url) => /^(wss|https):/.test(url)) ? { tls: profile } : {};
  if (road.kind === "http")
    return urls.map((url) => ({ section: "http-peer", path, fields, values: { url, ...more, ...tlsFor([url]) } }));
  const [address, ...alternates] = urls;
  if (address === undefined) return [];
  const others = alternates.length > 0 ? { alternates } : {};
  // A server that is away for long is not asked all the time (CAT-38).
  const redialmax = "5m";
  const proof = proofKey === undefined ? {} : { proofkey: proofKey };
  return [
    { section: "ws-peer", path, fields, values: { address, ...others, redialmax, ...proof, ...more, ...tlsFor(urls) } },
  ];
}

/** At a port for roads alone the mesh is at `/mesh`, which need not be said. */
function withPath(url: string): string {
  return /^\w+:\/\/[^/?#]+\/?$/.test(url) ? `${url.replace(/\/$/, "")}${roadPaths.ws}` : url;
}

function roadUrl(server: string, kind: "ws" | "http"): string {
  const url = new URL(server);
  url.pathname = `${url.pathname.replace(/\/+$/, "")}${roadPaths[kind]}`;
  return kind === "ws" ? url.href.replace(/^http/, "ws") : url.href;
}

/** A pin alone is enough: who has the certificate's key is the server, whoever signed it. */
function profileSection({ pin, caFile }: Server): WrittenSection {
  const values = {
    name: profileName,
    cert: "",
    key: "",
    // The server's certificate names a host, not a node of the mesh.
    skipreceptornamescheck: true,
    ...(caFile === null ? { insecureskipverify: true } : { rootcas: caFile }),
    ...(pin !== null && { pinnedservercert: [pin.replace(/^sha256:/i, "")] }),
  };
  return { section: "tls-client", values, path: "/server", fields: { rootcas: "/caFile", pinnedservercert: "/pin" } };
}
