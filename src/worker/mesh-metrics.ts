import type { Mesh, TlsProfiles } from "#mesh";
import type { OpenRoad } from "./mesh-roads.ts";
import type { Series } from "./metrics.ts";

/** What the metrics of the mesh are read from. */
export interface MeshMetricsSource {
  readonly mesh: Pick<Mesh, "status" | "counts">;
  readonly profiles: Pick<TlsProfiles, "expiries">;
  /** The roads that are open now. */
  roads(): readonly OpenRoad[];
}

/** What the metrics show of links, traffic and certificates. */
export function meshSeries({ mesh, profiles, roads }: MeshMetricsSource): Series[] {
  return [
    gauge("farhand_mesh_links", "Neighbours this node is connected to", () => mesh.status().Connections.length),
    gauge("farhand_mesh_routes", "Nodes that can be reached", () => Object.keys(mesh.status().RoutingTable).length),
    {
      name: "farhand_mesh_datagrams_total",
      help: "Datagrams of the mesh by what became of them",
      kind: "counter",
      labels: ["outcome"],
      read: () => Object.entries(mesh.counts).map(([outcome, count]) => [[outcome], count]),
    },
    {
      name: "farhand_mesh_sessions",
      help: "Connections over each backend",
      kind: "gauge",
      labels: ["backend"],
      read: () => sumByLabel(roads().map(({ description, sessions }) => [description, sessions])),
    },
    {
      name: "farhand_mesh_backend_up",
      help: "1 while a backend can be used, 0 while its far end or its broker is away",
      kind: "gauge",
      labels: ["backend"],
      read: () => upByLabel(roads()),
    },
    {
      name: "farhand_certificate_expiry_seconds",
      help: "When the certificate of a TLS profile ends, seconds since 1970",
      kind: "gauge",
      labels: ["kind", "profile"],
      read: () =>
        profiles.expiries().map(({ kind, profile, notAfter }) => [[kind, profile], notAfter.getTime() / 1000]),
    },
  ];
}

function gauge(name: string, help: string, value: () => number): Series {
  return { name, help, kind: "gauge", labels: [], read: () => [[[], value()]] };
}

/** Of several with one name all must work. */
function upByLabel(roads: readonly OpenRoad[]): Iterable<readonly [string[], number]> {
  const up = new Map<string, number>();
  for (const { description, problem } of roads)
    up.set(description, Math.min(up.get(description) ?? 1, problem === undefined ? 1 : 0));
  return [...up].map(([label, value]) => [[label], value]);
}

/** Two backends may have one name; a series may not be set twice. */
function sumByLabel(counted: readonly (readonly [string, number])[]): Iterable<readonly [string[], number]> {
  const sums = new Map<string, number>();
  for (const [label, value] of counted) sums.set(label, (sums.get(label) ?? 0) + value);
  return [...sums].map(([label, value]) => [[label], value]);
}
