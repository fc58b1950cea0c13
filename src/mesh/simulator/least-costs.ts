import { farSite, type SimulatedMesh } from "./simulated-mesh.ts";

/**
 * What every way really costs, from the roads themselves and by a method of its own (Bellman's and Ford's, not the
 * router's), to hold the nodes' tables against.
 */
export class LeastCosts {
  readonly #mesh: SimulatedMesh;
  readonly #known = new Map<number, Float64Array>();

  constructor(mesh: SimulatedMesh) {
    this.#mesh = mesh;
  }

  /** By the index of the site the way leads to; infinite where none does. */
  from(start: number): Float64Array {
    const known = this.#known.get(start) ?? this.#find(start);
    this.#known.set(start, known);
    return known;
  }

  #find(start: number): Float64Array {
    const { sites } = this.#mesh;
    const costs = new Float64Array(sites.length).fill(Number.POSITIVE_INFINITY);
    costs[start] = 0;
    let changed = new Set([start]);
    while (changed.size > 0) {
      const next = new Set<number>();
      for (const index of changed) {
        const site = sites[index];
        for (const road of site?.roads ?? []) {
          const to = site && this.#mesh.reaches(road, site);
          const cost = (costs[index] as number) + road.cost;
          if (!to || cost >= (costs[to.index] as number)) continue;
          costs[to.index] = cost;
          next.add(to.index);
        }
      }
      changed = next;
    }
    return costs;
  }

  /** Cost of the road to a neighbour, or undefined: there is none. */
  ofRoad(from: number, neighbour: string): { readonly to: number; readonly cost: number } | undefined {
    const site = this.#mesh.sites[from];
    const road = site?.roads.find((each) => farSite(each, site).id === neighbour);
    return site && road && { to: farSite(road, site).index, cost: road.cost };
  }
}
