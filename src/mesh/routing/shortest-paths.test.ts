import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { shortestPaths } from "./shortest-paths.ts";
import { Topology } from "./topology.ts";

/** Roads between nodes, each with a cost of its own in either direction. */
type Roads = readonly (readonly [from: string, to: string, there: number, back: number])[];

function topologyOf(roads: Roads): Topology {
  const costs = new Map<string, Map<string, number>>();
  const list = (from: string, to: string, cost: number): void =>
    void costs.set(from, (costs.get(from) ?? new Map<string, number>()).set(to, cost));
  for (const [from, to, there, back] of roads) {
    list(from, to, there);
    list(to, from, back);
  }
  const topology = new Topology("own");
  for (const [node, connections] of costs) {
    if (node !== "own") topology.set(node, connections);
    else for (const [peer, cost] of connections) topology.addLink(peer, cost);
  }
  return topology;
}

function hops(roads: Roads): Record<string, string> {
  return Object.fromEntries([...shortestPaths(topologyOf(roads))].map(([node, { nextHop }]) => [node, nextHop]));
}

describe("shortestPaths()", () => {
  test("gives the first hop to every node that can be reached, and has no entry for any other or for us", () => {
    expect(
      hops([
        ["own", "a", 1, 1],
        ["a", "b", 1, 1],
        ["c", "d", 1, 1],
      ]),
    ).toEqual({ a: "a", b: "a" });
  });

  test("prefers three cheap roads to a dear one", () => {
    expect(
      hops([
        ["own", "far", 10, 10],
        ["own", "a", 1, 1],
        ["a", "b", 1, 1],
        ["b", "far", 1, 1],
      ]),
    ).toEqual({ a: "a", b: "a", far: "a" });
  });

  test("takes what the owner of each edge says it costs", () => {
    expect(
      hops([
        ["own", "a", 1, 100],
        ["a", "far", 1, 100],
        ["own", "b", 1, 1],
        ["b", "far", 5, 1],
      ]),
    ).toMatchObject({ far: "a" });
  });

  test("has nothing to say in a mesh of one", () => {
    expect(shortestPaths(new Topology("own")).size).toBe(0);
  });

  test("finds what Bellman and Ford find, and every first hop leads there at that cost", () => {
    const node = fc.constantFrom("own", "a", "b", "c", "d", "e", "f", "g");
    const cost = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.double({ min: 0.01, max: 10, noNaN: true }));
    const roads = fc
      .uniqueArray(fc.tuple(node, node, cost, cost), {
        selector: ([from, to]) => [from, to].sort().join(),
        maxLength: 20,
      })
      .map((list) => list.filter(([from, to]) => from !== to));
    fc.assert(
      fc.property(roads, (list) => {
        const topology = topologyOf(list);
        const routes = shortestPaths(topology);
        const least = leastCosts(topology, "own");
        expect([...routes.keys()].sort()).toEqual([...least.keys()].filter((id) => id !== "own").sort());
        for (const [id, route] of routes) {
          expect(route.cost).toBeCloseTo(least.get(id) ?? Number.NaN, 9);
          const first = topology.links.get(route.nextHop) ?? Number.NaN;
          expect(first + (leastCosts(topology, route.nextHop).get(id) ?? Number.NaN)).toBeCloseTo(route.cost, 9);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("sorts a thousand costs as well as ten", () => {
    const line: Roads = Array.from({ length: 1_000 }, (_, i) => ["own", `n${i}`, ((i * 7_919) % 1_000) + 1, 1]);
    const routes = [...shortestPaths(topologyOf(line)).values()];
    expect(routes.map(({ cost }) => cost).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 1_000 }, (_, i) => i + 1),
    );
  });
});

/** The obvious way: as long as any road makes any node cheaper, take it. */
function leastCosts(topology: Topology, from: string): Map<string, number> {
  const costs = new Map([[from, 0]]);
  for (let changed = true; changed; ) {
    changed = false;
    for (const [node, cost] of [...costs])
      topology.edges(node, (to, more) => {
        if (cost + more >= (costs.get(to) ?? Number.POSITIVE_INFINITY)) return;
        costs.set(to, cost + more);
        changed = true;
      });
  }
  return costs;
}
