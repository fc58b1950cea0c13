import { nodeHash } from "../packet/node-hash.ts";
import type { Route } from "../routing/shortest-paths.ts";
import { LeastCosts } from "./least-costs.ts";
import type { SimulatedMesh, Site } from "./simulated-mesh.ts";

/** What was looked at, and what did not hold. */
export interface Findings {
  /** Number of single statements that were examined. */
  readonly statements: number;
  readonly violations: readonly string[];
}

/** Nodes whose whole table is examined; which ones, chance says each time. */
const tablesPerCheck = 25;
/** A node that is gone for an hour is forgotten, and nodes look every ten minutes. */
export const forgottenAfterMs = 72 * 60_000;
/** Events to come for each node and road, and besides: a timer that is never given back is seen by these. */
const pendingPerPart = 6;
const pendingBesides = 1000;
const roundingError = 1e-9;

/** What must hold of a mesh that has had time to settle. */
export function examine(mesh: SimulatedMesh): Findings {
  const violations: string[] = [];
  let statements = 0;
  const claim = (what: string | undefined): void => {
    statements++;
    if (what !== undefined) violations.push(what);
  };
  claim(mesh.unsettled());
  claim(tooMuchPending(mesh));
  const gone = mesh.sites.filter(({ leftAt }) => leftAt !== undefined && mesh.time.now - leftAt > forgottenAfterMs);
  for (const site of mesh.sites) if (site.node) claim(tooMuchKnown(site, mesh.sites.length - gone.length));
  const costs = new LeastCosts(mesh);
  const sample = someOf(mesh);
  if (sample[0]) for (const what of traces(sample[0], gone)) claim(what);
  for (const site of sample) {
    const routes = site.node?.router.ways.routes() ?? new Map<string, Route>();
    for (const other of mesh.sites) if (other !== site) claim(routeFault(site, other, routes.get(other.id), costs));
  }
  return { statements, violations };
}

/** Each way is known, costs the least there is, and goes on over a neighbour from which it does as well: so no ring can be. */
function routeFault(from: Site, to: Site, route: Route | undefined, costs: LeastCosts): string | undefined {
  const least = costs.from(from.index)[to.index] as number;
  if (!Number.isFinite(least)) return route && `${from.id} claims a way to ${to.id}, and there is none`;
  if (!route) return `${from.id} knows no way to ${to.id}`;
  if (differ(route.cost, least))
    return `${from.id} believes that ${to.id} costs ${route.cost}, and the least is ${least}`;
  const road = costs.ofRoad(from.index, route.nextHop);
  const rest = road && costs.from(road.to)[to.index];
  if (road && rest !== undefined && !differ(road.cost + rest, least)) return undefined;
  return `${from.id} sends what is for ${to.id} to ${route.nextHop}, which is not on the cheapest way`;
}

function differ(a: number, b: number): boolean {
  return Math.abs(a - b) > roundingError;
}

/** Whoever is there knows all that are, so that one too many is one that should have been forgotten. */
function tooMuchKnown({ id, node }: Site, limit: number): string | undefined {
  const known = Math.max(node?.router.knownNodes ?? 0, node?.names.size ?? 0);
  return known > limit ? `${id} remembers ${known} nodes, and no more than ${limit} can be there` : undefined;
}

/** For each node that left for good: what one that is there still has of it. */
function traces({ id, node }: Site, gone: readonly Site[]): (string | undefined)[] {
  const costs = gone.length > 0 ? node?.router.topology.knownCosts() : undefined;
  return gone.map((other) => {
    const found = [
      costs?.[other.id] && "its costs",
      node?.router.ways.routes().has(other.id) && "a way to it",
      node?.names.nameOf(nodeHash(other.id)) !== undefined && "its name",
    ].filter(Boolean);
    return found.length > 0 ? `${id} still has ${found.join(", ")}: of ${other.id}, which left for good` : undefined;
  });
}

function tooMuchPending({ time, sites, roads }: SimulatedMesh): string | undefined {
  const limit = (sites.length + roads.length) * pendingPerPart + pendingBesides;
  return time.pending > limit ? `${time.pending} events are to come, and ${limit} would be many` : undefined;
}

function someOf(mesh: SimulatedMesh): Site[] {
  const up = mesh.sites.filter(({ node }) => node);
  return Array.from(
    { length: Math.min(tablesPerCheck, up.length) },
    () => up[Math.floor(mesh.random() * up.length)] as Site,
  );
}
