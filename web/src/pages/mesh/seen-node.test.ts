import { expect, test } from "vitest";
import type { MeshNode, WorkerView } from "#server/wire";
import { edgesOf } from "./mesh-graph.ts";
import { nameOf, seenNodes } from "./seen-node.ts";

const node = (name: string, more: Partial<MeshNode> = {}): MeshNode => ({
  ...{ node: name, kind: "node", stub: false, nextHop: null },
  ...more,
});
const worker: WorkerView = {
  ...{ id: "w1", name: "north", state: "late", cause: "", since: 1, seenAt: 5, mode: "session", version: "1" },
  ...{ labels: {}, level: "monitor" },
};

test("seenNodes() has the server first, then workers with what is known of them, then others", () => {
  const nodes = [
    node("hub"),
    node("n1", { kind: "worker", worker: { id: "w1", name: "north" } }),
    node("s", { kind: "server" }),
  ];
  const edges = edgesOf({
    links: [
      { from: "s", to: "hub", cost: 1 },
      { from: "hub", to: "n1", cost: 2 },
    ],
  });
  const seen = seenNodes({ nodes }, edges, [worker], new Map());
  expect(seen.map(nameOf)).toEqual(["s", "north", "hub"]);
  expect(seen[1]).toMatchObject({ state: "late", heardAt: 5, links: 1 });
  const beats = new Map([["w1", { worker: "w1", at: 9 }]]);
  expect(seenNodes({ nodes }, edges, [worker], beats)[1]).toMatchObject({ heardAt: 9 });
});
