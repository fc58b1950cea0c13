import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { MeshLink, MeshMap } from "#server/wire";
import { edgeKey, layoutOf } from "./layout.ts";
import { costText, edgesOf } from "./mesh-graph.ts";

const link = (from: string, to: string, cost = 1): MeshLink => ({ from, to, cost });

function meshOf(server: string, links: readonly MeshLink[], more: readonly string[] = []): MeshMap {
  const names = new Set([server, ...more, ...links.flatMap(({ from, to }) => [from, to])]);
  const nodes = [...names].map((node) => ({ node, kind: "node" as const, stub: false, nextHop: null }));
  return { server, nodes, links, hidden: 0 };
}
const laidOut = (mesh: MeshMap) => layoutOf(mesh, edgesOf(mesh));
const hopsIn = (mesh: MeshMap) => Object.fromEntries([...laidOut(mesh).places].map(([node, { hops }]) => [node, hops]));

describe("edgesOf()", () => {
  test("makes one line of both directions, and says who told of it", () => {
    const edges = edgesOf({ links: [link("b", "a", 3), link("a", "b", 1), { ...link("a", "c"), road: "tcp" }] });
    expect(edges).toEqual([
      { a: "a", b: "b", cost: 1, back: 3, road: undefined, toldBy: ["a", "b"] },
      { a: "a", b: "c", cost: 1, back: undefined, road: "tcp", toldBy: ["a"] },
    ]);
    expect(edges.map(costText)).toEqual(["1 / 3", "1"]);
  });

  test("draws no line from a node to itself", () => {
    expect(edgesOf({ links: [link("a", "a")] })).toEqual([]);
  });
});

describe("layoutOf()", () => {
  test("has rings by the number of links, the server in the middle", () => {
    const mesh = meshOf("s", [link("s", "hub"), link("hub", "x"), link("hub", "y"), link("y", "x")], ["alone"]);
    expect(hopsIn(mesh)).toEqual({ s: 0, hub: 1, x: 2, y: 2, alone: 1 });
    const { places, tree } = laidOut(mesh);
    expect(places.get("s")).toMatchObject({ x: 0, y: 0 });
    expect([tree.has(edgeKey("hub", "y")), tree.has(edgeKey("x", "y"))]).toEqual([true, false]);
  });

  test("draws the same mesh the same way, in whatever order it is told", () => {
    const links = [link("s", "a"), link("a", "b"), link("s", "c"), link("c", "b")];
    const mesh = meshOf("s", links);
    const turned = { ...mesh, nodes: mesh.nodes.toReversed(), links: links.toReversed() };
    expect(laidOut(turned)).toEqual(laidOut(mesh));
  });

  test("60 nodes around one have room for their names, each apart from the next", () => {
    const { places, isDense } = laidOut(
      meshOf(
        "s",
        Array.from({ length: 60 }, (_, n) => link("s", `w${n}`)),
      ),
    );
    const around = [...places.values()].filter(({ hops }) => hops > 0);
    const gaps = around.map(({ x, y }, at) => {
      const next = around[(at + 1) % around.length] ?? { x: 0, y: 0 };
      return Math.hypot(next.x - x, next.y - y);
    });
    expect(isDense).toBe(true);
    expect(Math.min(...gaps)).toBeGreaterThan(15);
  });

  test("gives every node of any mesh a place of its own", () => {
    const name = fc.integer({ min: 0, max: 12 }).map((n) => `n${n}`);
    const links = fc.array(
      fc.tuple(name, name).map(([from, to]) => link(from, to)),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(links, (some) => {
        const mesh = meshOf("n0", some);
        const places = [...laidOut(mesh).places.values()];
        expect(places).toHaveLength(mesh.nodes.length);
        const spots = places.map(({ x, y }) => `${x.toFixed(3)} ${y.toFixed(3)}`);
        expect(new Set(spots).size).toBe(places.length);
      }),
    );
  });

  test("a chain of thousands is laid out too", () => {
    const mesh = meshOf(
      "n0",
      Array.from({ length: 3_000 }, (_, n) => link(`n${n}`, `n${n + 1}`)),
    );
    expect(laidOut(mesh).places.size).toBe(3_001);
  });
});
