import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Connections, Topology } from "./topology.ts";

const to = (costs: Readonly<Record<string, number>>): Connections => new Map(Object.entries(costs));

function edgesOf(topology: Topology, ...nodes: string[]): Record<string, Record<string, number>> {
  return Object.fromEntries(
    nodes.map((node) => {
      const costs: Record<string, number> = {};
      topology.edges(node, (peer, cost) => {
        costs[peer] = cost;
      });
      return [node, costs];
    }),
  );
}

describe("an edge counts", () => {
  test("when both ends list it, each way at the cost its owner says", () => {
    const topology = new Topology("own");
    topology.set("a", to({ b: 1 }));
    topology.set("b", to({ a: 2 }));
    expect(edgesOf(topology, "a", "b")).toEqual({ a: { b: 1 }, b: { a: 2 } });
  });

  test("when one end lists it and the other has not been heard", () => {
    const topology = new Topology("own");
    topology.set("a", to({ b: 1 }));
    expect(edgesOf(topology, "a", "b")).toEqual({ a: { b: 1 }, b: {} });
  });

  test("not when the other end denies it", () => {
    const topology = new Topology("own");
    topology.set("a", to({ b: 1 }));
    topology.set("b", to({ c: 1 }));
    expect(edgesOf(topology, "a", "b")).toEqual({ a: {}, b: { c: 1 } });
  });

  test("to us only when we have the link, whatever others say", () => {
    const topology = new Topology("own");
    topology.set("a", to({ own: 1 }));
    expect(edgesOf(topology, "a", "own")).toEqual({ a: {}, own: {} });
    topology.addLink("a", 1);
    expect(edgesOf(topology, "a", "own")).toEqual({ a: { own: 1 }, own: { a: 1 } });
    topology.removeLink("a");
    expect(edgesOf(topology, "a", "own")).toEqual({ a: {}, own: {} });
  });

  test("of ours both ways from the start, before the neighbour has spoken of us", () => {
    const topology = new Topology("own");
    topology.addLink("a", 2);
    expect(edgesOf(topology, "a", "own")).toEqual({ a: { own: 2 }, own: { a: 2 } });
    expect(topology.knownCosts()).toEqual({ own: { a: 2 }, a: { own: 2 } });
  });

  test("out of a stub for people, not for ways", () => {
    const topology = new Topology("own");
    topology.set("hub", to({ stub: 1 }));
    topology.set("stub", to({ hub: 1 }), true);
    expect(edgesOf(topology, "hub", "stub")).toEqual({ hub: { stub: 1 }, stub: {} });
    expect(topology.knownCosts()["stub"]).toEqual({ hub: 1 });
    topology.set("stub", to({ hub: 1 }), false);
    expect(edgesOf(topology, "stub")).toEqual({ stub: { hub: 1 } });
  });
});

describe("the version of a topology", () => {
  test("grows when a route may change, and only then", () => {
    const topology = new Topology("own");
    const changes = [
      () => topology.set("a", to({ b: 1 })),
      () => topology.set("a", to({ b: 2 })),
      () => topology.addLink("a", 1),
      () => topology.removeLink("a"),
      () => topology.delete("a"),
    ];
    for (const change of changes) {
      const before = topology.version;
      change();
      expect(topology.version).toBeGreaterThan(before);
    }
    topology.set("a", to({ b: 1, c: 2 }));
    const { version } = topology;
    topology.set("a", to({ c: 2, b: 1 }));
    topology.removeLink("nobody");
    topology.delete("nobody");
    expect(topology.version).toBe(version);
  });
});

const names = ["own", "a", "b", "c", "d", "e"];
const node = fc.constantFrom(...names.slice(1));
const connections = fc.dictionary(fc.constantFrom(...names), fc.constantFrom(1, 2.5, 4)).map(to);
const words = fc.uniqueArray(fc.tuple(node, connections), { selector: ([id]) => id });

describe("any words of any nodes", () => {
  test("give the same edges in whatever order they come", () => {
    const shuffled = words.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, fullOf(list))));
    fc.assert(
      fc.property(shuffled, connections, ([list, other], links) => {
        expect(costsOf(other, links)).toEqual(costsOf(list, links));
      }),
    );
  });

  test("give the edges of the last word of each node, whatever came before", () => {
    fc.assert(
      fc.property(words, words, connections, (before, list, links) => {
        const last = new Map([...before, ...list]);
        expect(costsOf([...before, ...list], links)).toEqual(costsOf([...last], links));
      }),
    );
  });

  test("count an edge between two nodes that have spoken exactly when both list it", () => {
    fc.assert(
      fc.property(words, (list) => {
        const topology = told(list, new Map());
        const said = new Map(list);
        for (const [a, listed] of list)
          for (const [b] of list.filter(([id]) => id !== a))
            expect(b in (edgesOf(topology, a)[a] ?? {})).toBe(listed.has(b) && said.get(b)?.has(a) === true);
      }),
    );
  });

  test("reach what the edges reach", () => {
    fc.assert(
      fc.property(words, connections, (list, links) => {
        const topology = told(list, links);
        const found = new Set(["own"]);
        for (let size = 0; size !== found.size; ) {
          size = found.size;
          for (const id of [...found]) for (const next of Object.keys(edgesOf(topology, id)[id] ?? {})) found.add(next);
        }
        expect([...topology.reachable()].sort()).toEqual([...found].sort());
      }),
    );
  });
});

function told(list: readonly (readonly [string, Connections])[], links: Connections): Topology {
  const topology = new Topology("own");
  for (const [id, each] of list) topology.set(id, each);
  for (const [peer, cost] of links) if (peer !== "own") topology.addLink(peer, cost);
  return topology;
}

function costsOf(list: readonly (readonly [string, Connections])[], links: Connections) {
  return told(list, links).knownCosts();
}

function fullOf(list: readonly unknown[]): { minLength: number; maxLength: number } {
  return { minLength: list.length, maxLength: list.length };
}
