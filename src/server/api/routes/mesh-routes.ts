import { includesLevel } from "#fleet";
import { callerLevel } from "../../auth/callers.ts";
import type { Worker } from "../../registry/worker.ts";
import type { Call } from "../call.ts";
import { type Route, route } from "../route.ts";
import type { RouteServices } from "../services.ts";
import { MeshMap } from "./mesh-schema.ts";

const readAtOnce = 500;

/** The mesh as the server's node sees it, for a map. */
export function meshRoutes(services: RouteServices): Route[] {
  return [
    route({
      method: "GET",
      path: "/api/mesh",
      summary: "Nodes and links as the server's node knows them, of workers that you may see",
      needs: { kind: "caller" },
      schema: { answer: MeshMap },
      handle: async ({ caller }) => await mapOf(services, caller),
    }),
  ];
}

interface Seen {
  readonly worker: Worker;
  readonly isAdmin: boolean;
}

async function mapOf(services: RouteServices, caller: Call["caller"]) {
  const { mesh } = services;
  if (!mesh) return { server: "", nodes: [], links: [], hidden: 0 };
  const { seen, hidden } = await workersByNode(services, caller);
  const seesAll = callerLevel(caller, "workers") !== "none";
  const { Connections, RoutingTable, KnownConnectionCosts } = mesh.status();
  const all = new Set([mesh.nodeId, ...Object.keys(RoutingTable), ...Object.keys(KnownConnectionCosts)]);
  for (const { NodeID } of Connections) all.add(NodeID);
  // Nodes that are no worker's are roads of somebody: who may see some workers only has no business with them.
  const isShown = (node: string): boolean => node === mesh.nodeId || seen.has(node) || (seesAll && !hidden.has(node));
  const nodes = [...all].filter(isShown).sort();
  const own = Connections.map(({ NodeID, Cost }) => ({
    ...{ from: mesh.nodeId, to: NodeID, cost: Cost },
    ...(seen.get(NodeID)?.isAdmin && { road: mesh.roadTo(NodeID) ?? "" }),
  }));
  const others = Object.entries(KnownConnectionCosts)
    .filter(([from]) => from !== mesh.nodeId)
    .flatMap(([from, costs]) => Object.entries(costs).map(([to, cost]) => ({ from, to, cost })))
    .filter(({ to }) => to !== mesh.nodeId);
  return {
    server: mesh.nodeId,
    nodes: nodes.map((node) => nodeOf(node, mesh, seen.get(node)?.worker, shownHop(RoutingTable[node], isShown))),
    links: [...own, ...others].filter(({ from, to }) => isShown(from) && isShown(to)),
    hidden: all.size - nodes.length,
  };
}

/** The way leads over a node; which one is not for those who may not see that node. */
function shownHop(nextHop: string | undefined, isShown: (node: string) => boolean): string | undefined {
  return nextHop !== undefined && isShown(nextHop) ? nextHop : undefined;
}

function nodeOf(
  node: string,
  mesh: NonNullable<RouteServices["mesh"]>,
  worker: Worker | undefined,
  nextHop: string | undefined,
) {
  const isServer = node === mesh.nodeId;
  return {
    node,
    kind: isServer ? ("server" as const) : worker ? ("worker" as const) : ("node" as const),
    ...(worker && { worker: { id: worker.id, name: worker.name } }),
    stub: mesh.isStub(node),
    nextHop: nextHop ?? null,
  };
}

async function workersByNode({ registry }: RouteServices, caller: Call["caller"]) {
  const seen = new Map<string, Seen>();
  const hidden = new Set<string>();
  for (let after = ""; ; ) {
    const workers = await registry.list(after, readAtOnce);
    for (const worker of workers) {
      const level = callerLevel(caller, "workers", worker.labels);
      if (level === "none") hidden.add(worker.node);
      else seen.set(worker.node, { worker, isAdmin: includesLevel(level, "admin") });
    }
    const last = workers.at(-1);
    if (last === undefined || workers.length < readAtOnce) return { seen, hidden };
    after = last.name;
  }
}
