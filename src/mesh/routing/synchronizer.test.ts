import { describe, expect, test } from "vitest";
import { nodeHash } from "../packet/node-hash.ts";
import type { SummaryEntry } from "./link-state.ts";
import {
  allHashes,
  decodeAlive,
  decodeSummary,
  encodeAlive,
  encodeSummary,
  type Summary,
} from "./neighbour-messages.ts";
import { farhand, type PlayedNeighbour, RouterUnderTest } from "../../../test/kit/played-neighbour.ts";

const to = (costs: Readonly<Record<string, number>>) => new Map(Object.entries(costs));
const known = (node: string, sequence = 1n, epoch = 1n): SummaryEntry => ({ hash: nodeHash(node), epoch, sequence });

function summary(peer: PlayedNeighbour, entries: readonly SummaryEntry[], more: Partial<Summary> = {}): void {
  peer.say(encodeSummary({ ...allHashes, wantsAnswer: false, entries, ...more }));
}

function summariesTo(peer: PlayedNeighbour): Summary[] {
  return peer.sentOf(18).map((message) => decodeSummary(message) as Summary);
}

/** A node with a Farhand neighbour, behind which are `a` and `b`; both know the same. */
function settled() {
  const node = new RouterUnderTest();
  const peer = node.neighbour("peer", { a: 1, b: 1 }, farhand);
  for (const id of ["a", "b"]) peer.pass({ nodeId: id, connections: to({ peer: 1 }), farhand });
  node.clock.pass(6_000);
  peer.forget();
  return { node, peer };
}

const told = (peer: PlayedNeighbour): string[] => peer.updates.map(({ nodeId }) => nodeId).sort();

describe("two Farhand neighbours", () => {
  test("compare all they know when their link comes up, once", () => {
    const { node } = settled();
    const newcomer = node.road("newcomer");
    newcomer.hello = farhand;
    newcomer.forget();
    newcomer.greet();
    newcomer.tell({ own: 1 });
    const [all, ...more] = summariesTo(newcomer);
    expect(more).toEqual([]);
    expect(all).toMatchObject({ ...allHashes, wantsAnswer: true });
    expect(all?.entries.map(({ hash }) => hash)).toEqual(["own", "peer", "a", "b"].map(nodeHash).sort());
    expect(newcomer.updates).toEqual([]);
  });

  test("say every 10 s in five bytes what they know", () => {
    const { node, peer } = settled();
    node.live(20, peer);
    expect(peer.sent.map((message) => decodeAlive(message))).toEqual([node.router.digest, node.router.digest]);
  });

  test("compare again when they differ at two signs of life in a row, and not before", () => {
    const { node, peer } = settled();
    const sign = (digest: number): number => {
      node.clock.pass(10_000);
      peer.say(encodeAlive(digest));
      return summariesTo(peer).length;
    };
    expect(sign(1)).toBe(0);
    expect(sign(node.router.digest)).toBe(0);
    expect(sign(1)).toBe(0);
    expect(sign(2)).toBe(1);
  });

  test("who never agree compare less and less often, but never more seldom than every 80 s", () => {
    const { node, peer } = settled();
    const at: number[] = [];
    for (let period = 1; period <= 40; period++) {
      node.clock.pass(10_000);
      peer.say(encodeAlive(1));
      if (summariesTo(peer).length > at.length) at.push(period);
    }
    expect(at).toEqual([2, 6, 14, 22, 30, 38]);
  });

  test("have another digest as soon as they know something else", () => {
    const { node, peer } = settled();
    const before = node.router.digest;
    peer.pass({ nodeId: "a", connections: to({ peer: 1 }), farhand });
    expect(node.router.digest).toBe(before);
    peer.pass({ nodeId: "a", updateSequence: 2n, connections: to({ peer: 1 }), farhand });
    expect(node.router.digest).not.toBe(before);
  });
});

describe("a summary is answered", () => {
  test("with what the neighbour lacks or knows an older word of", () => {
    const { peer } = settled();
    summary(peer, [known("a", 0n), known("peer", 2n)]);
    expect(told(peer)).toEqual(["a", "b", "own"]);
    expect(peer.updates.every(({ forwardingNode }) => forwardingNode === "own")).toBe(true);
  });

  test("with nothing when it knows the same", () => {
    const { node, peer } = settled();
    summary(peer, [known("a"), known("b"), known("peer", 2n), known("own", 99n, node.router.epoch)]);
    expect(peer.sent).toEqual([]);
  });

  test("only within its range of hashes", () => {
    const { peer } = settled();
    const [low, high] = [nodeHash("a"), nodeHash("b")].sort() as [string, string];
    summary(peer, [], { from: low, to: low });
    expect(told(peer)).toHaveLength(1);
    summary(peer, [], { from: "f".repeat(16), to: "0".repeat(16) });
    expect(told(peer)).toHaveLength(1);
    summary(peer, [], { from: low, to: high });
    expect(told(peer).length).toBeGreaterThanOrEqual(3);
  });

  test("with a summary of ours for the same range when we lack something and an answer is wanted", () => {
    const { peer } = settled();
    const all = [known("a"), known("b"), known("peer", 2n), known("own", 99n, 2n ** 63n)];
    summary(peer, [...all, known("c")]);
    expect(peer.sentOf(18)).toEqual([]);
    summary(peer, all.slice(0, 3), { wantsAnswer: true });
    expect(peer.sentOf(18)).toEqual([]);
    summary(peer, [...all, known("c")], { wantsAnswer: true });
    expect(summariesTo(peer)).toMatchObject([{ ...allHashes, wantsAnswer: false }]);
  });

  test("with nothing about nodes that no way leads to", () => {
    const { node, peer } = settled();
    peer.tell({ own: 1, a: 1 });
    peer.forget();
    summary(peer, []);
    expect(told(peer)).toEqual(["a", "own"]);
    expect(node.router.topology.knownCosts()).toHaveProperty("b");
  });

  test("with an older node's newer word about itself, so that it learns of a clock that went back", () => {
    const { peer } = settled();
    summary(peer, [known("peer", 1n), known("a"), known("b"), known("own", 99n, 2n ** 63n)]);
    expect(told(peer)).toEqual(["peer"]);
  });

  test("so often within a period and no more, and with so much and no more", () => {
    const { node, peer } = settled();
    for (let count = 0; count < 1_000; count++) summary(peer, [], { wantsAnswer: true });
    expect(told(peer)).toEqual(["a", "a", "b", "b", "own", "own"]);
    for (let count = 0; count < 1_000; count++) summary(peer, [known("c")], { wantsAnswer: true });
    expect(peer.sentOf(18).length).toBeLessThanOrEqual(24);
    node.live(10, peer);
    peer.forget();
    summary(peer, []);
    expect(told(peer)).toEqual(["a", "b", "own"]);
  });
});

describe("a neighbour that is no Farhand node", () => {
  test("is never sent anything but Receptor's own messages, and its imitations are ignored", () => {
    const node = new RouterUnderTest();
    const peer = node.neighbour("peer");
    summary(peer, [], { wantsAnswer: true });
    for (let count = 0; count < 5; count++) peer.say(encodeAlive(1));
    node.live(60, peer);
    expect(new Set(peer.sent.map(([type]) => type))).toEqual(new Set([1]));
  });
});

describe("signs of life", () => {
  test("in a flood count as one per period", () => {
    const { node, peer } = settled();
    node.live(10, peer);
    for (let count = 0; count < 10_000; count++) peer.say(encodeAlive(1));
    expect(peer.sentOf(18)).toEqual([]);
  });
});
