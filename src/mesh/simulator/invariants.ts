import type { SimulatedMesh, Site } from "./simulated-mesh.ts";

const walksPerCheck = 200;
const maxHops = 30;

/**
 * What must hold of a mesh that has had time to settle: between any two nodes that some way connects, each node on the
 * way knows the next one, no way goes in a circle, and its cost is the least there is; to a node that no way leads to,
 * nobody claims one.
 */
export function violations(mesh: SimulatedMesh): string[] {
  const found: string[] = [];
  if (!mesh.hasSettled()) found.push("two neighbours know different things");
  const components = mesh.components();
  const up = [...components.keys()];
  for (let walk = 0; walk < walksPerCheck; walk++) {
    const [from, to] = [anyOf(mesh, up), anyOf(mesh, up)];
    const fault = from === to ? undefined : walkFault(from, to, components.get(from) === components.get(to));
    if (fault) found.push(fault);
  }
  return found;
}

function walkFault(from: Site, to: Site, isConnected: boolean): string | undefined {
  const route = from.node?.router.routes().get(to.id);
  if (!isConnected) return route ? `${from.id} claims a way to ${to.id}, and there is none` : undefined;
  if (!route) return `${from.id} knows no way to ${to.id}`;
  const least = leastCosts(from).get(to);
  if (least === undefined || Math.abs(route.cost - least) > 1e-9)
    return `${from.id} believes that ${to.id} costs ${route.cost}, and the least is ${least}`;
  return follow(from, to);
}

/** Go from node to node as a datagram would. */
function follow(from: Site, to: Site): string | undefined {
  let here = from;
  for (let hops = 0; hops < maxHops; hops++) {
    if (here === to) return undefined;
    const next = here.node?.nextHop(to.id)?.peer;
    const road = here.roads.find(({ a, b }) => (a === here ? b : a).id === next);
    if (!road) return `${here.id} on the way from ${from.id} knows no next node to ${to.id}`;
    here = road.a === here ? road.b : road.a;
  }
  return `the way from ${from.id} to ${to.id} goes in a circle`;
}

/** Least costs by a method of its own (Bellman and Ford's), from the roads themselves. */
function leastCosts(from: Site): Map<Site, number> {
  const costs = new Map([[from, 0]]);
  let changed = new Set([from]);
  while (changed.size > 0) {
    const next = new Set<Site>();
    for (const site of changed) {
      for (const road of site.roads) {
        const to = road.a === site ? road.b : road.a;
        const cost = (costs.get(site) ?? 0) + road.cost;
        if (!road.session || road.session.isOver || cost >= (costs.get(to) ?? Number.POSITIVE_INFINITY)) continue;
        costs.set(to, cost);
        next.add(to);
      }
    }
    changed = next;
  }
  return costs;
}

function anyOf(mesh: SimulatedMesh, sites: readonly Site[]): Site {
  return sites[Math.floor(mesh.random() * sites.length)] as Site;
}
