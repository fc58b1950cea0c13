import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nodeHash } from "../packet/node-hash.ts";
import type { RoutingUpdate } from "../packet/routing-update.ts";
import { LinkState } from "./link-state.ts";
import { farhand } from "../../../test/kit/played-neighbour.ts";

function update(nodeId: string, more: Partial<RoutingUpdate> = {}): RoutingUpdate {
  return {
    ...{ nodeId, updateId: "id", updateEpoch: 1n, updateSequence: 1n, connections: new Map() },
    ...{ forwardingNode: nodeId, suspectedDuplicate: 0n },
    ...more,
  };
}

function stateOf(updates: readonly RoutingUpdate[], maxNodes = 100): LinkState {
  const state = new LinkState(nodeHash, maxNodes);
  for (const each of updates) state.put(each, 0);
  return state;
}

describe("an update is compared", () => {
  const state = stateOf([update("a", { updateEpoch: 2n ** 60n + 1n, updateSequence: 5n })]);
  test.each([
    ["of an unknown node", "b", 1n, 1n, "new node"],
    ["with the same age", "a", 2n ** 60n + 1n, 5n, "known"],
    ["with a lower sequence", "a", 2n ** 60n + 1n, 4n, "known"],
    ["with a higher sequence", "a", 2n ** 60n + 1n, 6n, "newer"],
    ["with a lower epoch and a higher sequence", "a", 2n ** 60n, 99n, "known"],
    ["with a higher epoch and a lower sequence", "a", 2n ** 60n + 2n, 0n, "newer"],
  ])("%s", (_what, node, updateEpoch, updateSequence, freshness) => {
    expect(state.freshness(update(node, { updateEpoch, updateSequence }))).toBe(freshness);
  });
});

describe("the digest", () => {
  const someUpdate = fc.record({
    node: fc.constantFrom("a", "b", "c", "d"),
    epoch: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    sequence: fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }),
  });
  const updates = fc
    .uniqueArray(someUpdate, { selector: ({ node }) => node })
    .map((list) =>
      list.map(({ node, epoch, sequence }) => update(node, { updateEpoch: epoch, updateSequence: sequence })),
    );

  test("is the same for the same records, in whatever order they came and whatever was there before", () => {
    fc.assert(
      fc.property(updates, updates, (before, list) => {
        const state = stateOf([...before, ...list]);
        for (const { nodeId } of before) if (!list.some((each) => each.nodeId === nodeId)) state.forget(nodeId);
        expect(state.digest).toBe(stateOf(list.toReversed()).digest);
      }),
    );
  });

  test("is what docs/wire/mesh.md says", () => {
    const state = stateOf([update("node1", { updateEpoch: 29021265349194838n, updateSequence: 17n })]);
    expect(state.digest).toBe(0x133d2004);
    state.put(update("node2"), 0);
    expect(state.digest).toBe(0xf4dbbdba);
  });

  test("leaves out nodes that no way leads to, until one does", () => {
    const state = stateOf([update("a"), update("b")]);
    const both = state.digest;
    state.noteReachable((node) => node === "a", 1, 1);
    expect(state.digest).toBe(stateOf([update("a")]).digest);
    expect([...state.lost.keys()]).toEqual(["b"]);
    state.noteReachable(() => true, 2, 2);
    expect(state.digest).toBe(both);
  });

  test("differs when a node, an epoch or a sequence does", () => {
    const digests = [
      stateOf([]),
      stateOf([update("a")]),
      stateOf([update("b")]),
      stateOf([update("a"), update("b")]),
      stateOf([update("a", { updateEpoch: 2n })]),
      stateOf([update("a", { updateEpoch: 2n ** 40n })]),
      stateOf([update("a", { updateSequence: 2n })]),
    ].map(({ digest }) => digest);
    expect(new Set(digests).size).toBe(digests.length);
    expect(digests.every((digest) => Number.isInteger(digest) && digest >= 0 && digest < 2 ** 32)).toBe(true);
  });

  test("is back at nothing when all is forgotten", () => {
    const state = stateOf([update("a"), update("b")]);
    state.forget("a");
    state.forget("b");
    state.forget("b");
    expect([state.digest, state.size, state.hasStrangers]).toEqual([0, 0, false]);
  });
});

describe("a link state", () => {
  test("has room for so many nodes, and for sixteen connections of each on average", () => {
    const state = stateOf([update("a"), update("b")], 3);
    const many = (count: number) => ({ connections: new Map(Array.from({ length: count }, (_, i) => [`${i}`, 1])) });
    expect(state.hasRoomFor(update("c", many(48)))).toBe(true);
    expect(state.hasRoomFor(update("c", many(49)))).toBe(false);
    state.put(update("c", many(48)), 0);
    expect(state.hasRoomFor(update("d"))).toBe(false);
    expect(state.hasRoomFor(update("a", many(1)))).toBe(false);
    expect(state.hasRoomFor(update("c", many(48)))).toBe(true);
    state.put(update("c", many(40)), 0);
    expect(state.hasRoomFor(update("a", many(8)))).toBe(true);
  });

  test("knows whether some node is no Farhand node", () => {
    const state = stateOf([update("a", { farhand })]);
    expect(state.hasStrangers).toBe(false);
    state.put(update("b"), 0);
    expect(state.hasStrangers).toBe(true);
    state.put(update("b", { farhand }), 0);
    expect(state.hasStrangers).toBe(false);
  });

  test("lists its records in the order of their hashes", () => {
    const hashes = stateOf(["a", "b", "c", "d"].map((node) => update(node)))
      .summary()
      .map(({ hash }) => hash);
    expect(hashes).toEqual(["a", "b", "c", "d"].map(nodeHash).sort());
  });
});
