import type { WorkerConfiguration } from "./effective.ts";
import type { WrittenSection } from "./directives.ts";

/** Below the address of a server: where its roads for workers begin. */
export const roadPaths = { ws: "/mesh", http: "/mesh/http" } as const;

/** Name of the TLS profile for the server. */
const profileName = "farhand-server";

type Road = WorkerConfiguration["roads"][number];

/**
 * The sections that lead to the server: one peer for each road, and the TLS profile they share. A road without an address
 * goes to each of the server's, and without any road there is a WebSocket.
 */
export function roadSections(values: WorkerConfiguration): WrittenSection[] {
  const { roads, server } = values;
  const isDefault = roads.length === 0;
  const all: readonly Road[] = isDefault && server.urls.length > 0 ? [{ kind: "ws" }] : roads;
  const peers = all.flatMap((road, n) => peersOf(road, isDefault ? "/server/urls" : `/roads/${n}`, values));
  const needsProfile = peers.some(({ values: { tls } }) => tls !== undefined);
  return needsProfile ? [profileSection(server), ...peers] : peers;
}

function peersOf(road: Road, path: string, { server }: WorkerConfiguration): WrittenSection[] {
  const hub = road.hub ?? server.name;
  const terms = { ...(road.cost !== undefined && { cost: road.cost }), ...(hub !== null && { allowedpeers: [hub] }) };
  const tlsFor = (url: string) => (hasProfile(server) && /^(wss|https|amqps):/.test(url) ? { tls: profileName } : {});
  switch (road.kind) {
    case "tcp":
      return [
        {
          section: "tcp-peer",
          path,
          values: { address: road.address, ...terms, ...(hasProfile(server) && { tls: profileName }) },
        },
      ];
    case "amqp": {
      const url = road.url.reveal();
      const { prefix } = road;
      const values = { url, hub: road.hub, ...(prefix !== undefined && { prefix }), ...terms, ...tlsFor(url) };
      return [{ section: "amqp-peer", path, values }];
    }
    case "ws":
    case "http": {
      const urls = road.url ? [road.url.reveal()] : server.urls.map((url) => roadUrl(url, road.kind));
      const header = road.header ? { extraheader: road.header.reveal() } : {};
      return urls.map((url) => {
        const address = road.kind === "ws" ? { address: url } : { url };
        return {
          section: road.kind === "ws" ? "ws-peer" : "http-peer",
          path,
          fields: isFromServer(road) ? { address: "", url: "" } : { address: "/url", extraheader: "/header" },
          values: { ...address, ...terms, ...header, ...tlsFor(url) },
        } satisfies WrittenSection;
      });
    }
  }
}

function isFromServer(road: Road): boolean {
  return (road.kind === "ws" || road.kind === "http") && road.url === undefined;
}

function roadUrl(server: string, kind: "ws" | "http"): string {
  const url = new URL(server);
  url.pathname = `${url.pathname.replace(/\/+$/, "")}${roadPaths[kind]}`;
  return kind === "ws" ? url.href.replace(/^http/, "ws") : url.href;
}

function hasProfile({ pin, caFile }: WorkerConfiguration["server"]): boolean {
  return pin !== null || caFile !== null;
}

/** A pin alone is enough: who has the certificate's key is the server, whoever signed it. */
function profileSection({ pin, caFile }: WorkerConfiguration["server"]): WrittenSection {
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
