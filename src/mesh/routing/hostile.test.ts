/** What a neighbour that means harm can make a node do: so much, and no more, and nobody else's link suffers. */
import { describe, expect, test } from "vitest";
import { allHashes, encodeAlive, encodeSummary } from "./neighbour-messages.ts";
import { farhand, type PlayedNeighbour, RouterUnderTest } from "../../../test/kit/played-neighbour.ts";

/** A node with an enemy and a friend; the friend has somebody behind it. */
function besieged(maxNodes = 1_000) {
  const node = new RouterUnderTest({ maxNodes });
  const friend = node.neighbour("friend", { ally: 1 }, farhand);
  friend.pass({ nodeId: "ally", connections: new Map([["friend", 1]]), farhand });
  const enemy = node.neighbour("enemy", {}, farhand);
  node.clock.pass(10_000);
  friend.forget();
  enemy.forget();
  return { node, friend, enemy };
}

const bytesTo = (peer: PlayedNeighbour): number => peer.sent.reduce((sum, { length }) => sum + length, 0);

function expectUnharmed({ node, friend }: ReturnType<typeof besieged>): void {
  expect(friend.link.isUp).toBe(true);
  expect(node.routes).toMatchObject({ friend: "friend", ally: "friend" });
  const before = node.router.digest;
  friend.pass({ nodeId: "ally", updateSequence: 99n, connections: new Map([["friend", 1]]), farhand });
  expect(node.router.digest).not.toBe(before);
}

describe("a neighbour that invents nodes", () => {
  test("fills the table and no more; each is passed on once, and the nodes there are stay", () => {
    const siege = besieged();
    for (let number = 0; number < 15_000; number++) siege.enemy.pass({ nodeId: `n${number}`, farhand });
    expect(siege.node.known.size).toBe(1_000 - 1);
    expect(siege.friend.updates.length).toBeLessThan(1_000);
    expect(siege.enemy.sent).toEqual([]);
    expectUnharmed(siege);
  });

  test("that nothing leads to makes room for one that is real, within two looks round", () => {
    const { node, friend, enemy } = besieged();
    for (let number = 0; number < 5_000; number++) enemy.pass({ nodeId: `n${number}`, farhand });
    node.live(21 * 60, friend, enemy);
    friend.tell({ own: 1, ally: 1, real: 1 });
    friend.pass({ nodeId: "real", connections: new Map([["friend", 1]]), farhand });
    expect(node.router.topology.knownCosts()).toMatchObject({ real: { friend: 1 }, friend: { real: 1 } });
  });

  test("with a thousand connections each fills a table of connections and no more", () => {
    const siege = besieged();
    for (let number = 0; number < 100; number++) {
      const connections = new Map(Array.from({ length: 1_000 }, (_, i) => [`c${number}-${i}`, 1] as const));
      siege.enemy.pass({ nodeId: `n${number}`, connections, farhand });
    }
    const costs = Object.values(siege.node.router.topology.knownCosts());
    expect(costs.reduce((sum, each) => sum + Object.keys(each).length, 0)).toBeLessThanOrEqual(16_000);
    expectUnharmed(siege);
  });

  test("gets through so many a second to the friend", () => {
    const { node, friend, enemy } = besieged(100_000);
    for (let number = 0; number < 20_000; number++)
      enemy.pass({ nodeId: "n", updateSequence: BigInt(number), farhand });
    friend.forget();
    for (let second = 0; second < 5; second++) {
      node.clock.pass(1_000);
      for (let number = 0; number < 5_000; number++)
        enemy.pass({ nodeId: "n", updateSequence: BigInt(20_000 + second * 5_000 + number), farhand });
    }
    expect(friend.updates.length).toBeLessThanOrEqual(5 * 2_000 + 10);
  });
});

describe("a neighbour that asks for everything, again and again", () => {
  test("gets it twice in ten seconds", () => {
    const siege = besieged();
    const { node, enemy } = siege;
    for (let number = 0; number < 5_000; number++) siege.friend.pass({ nodeId: `n${number}`, farhand });
    const table = 1_000 * 300;
    node.clock.pass(1_000);
    for (let count = 0; count < 10_000; count++)
      enemy.say(encodeSummary({ ...allHashes, wantsAnswer: true, entries: [] }));
    expect(bytesTo(enemy)).toBeLessThan(2 * table);
    for (let count = 0; count < 10_000; count++) {
      const entries = [{ hash: count.toString(16).padStart(16, "0"), epoch: 2n ** 63n, sequence: 1n }];
      enemy.say(encodeSummary({ ...allHashes, wantsAnswer: true, entries }));
    }
    expect(enemy.sentOf(18).length).toBeLessThanOrEqual(24);
    expectUnharmed(siege);
  });

  test("by signs of life that never fit gets one comparison in twenty seconds at most", () => {
    const { node, friend, enemy } = besieged();
    for (let tenths = 0; tenths < 600; tenths++) {
      node.clock.pass(100);
      for (let count = 0; count < 50; count++) enemy.say(encodeAlive(tenths * 50 + count));
      if (tenths % 100 === 0) friend.say(encodeAlive(node.router.digest));
    }
    expect(enemy.sentOf(18).length).toBeLessThanOrEqual(3);
  });
});

describe("a neighbour that plays us", () => {
  test("with ever newer epochs makes us protest ten times a second at most", () => {
    const siege = besieged();
    const { node, friend, enemy } = siege;
    for (let count = 0; count < 10_000; count++)
      enemy.pass({ nodeId: "own", updateEpoch: node.router.epoch + BigInt(1 + count), farhand });
    node.clock.pass(1_000);
    expect(friend.updates.length).toBeLessThanOrEqual(4);
    expect(friend.updates[0]?.suspectedDuplicate).toBe(node.router.epoch + 10_000n);
    expect(node.duplicates).toBe(0);
    expectUnharmed(siege);
  });

  test("or anybody who is connected does not get their link, however often it comes", () => {
    const siege = besieged();
    for (let count = 0; count < 1_000; count++) siege.node.road("friend").greet();
    expect(siege.node.router.links.size).toBe(2);
    siege.friend.forget();
    expectUnharmed(siege);
  });

  test("or comes under a thousand names leaves none of them behind", () => {
    const siege = besieged();
    for (let count = 0; count < 1_000; count++) {
      const visitor = siege.node.road(`visitor${count}`);
      visitor.greet();
      visitor.link.drop("gone");
    }
    expect(siege.node.known.size - siege.node.forgotten.length).toBe(3);
    siege.node.clock.pass(1_000);
    // One word of ours for all that coming and going.
    expect(siege.friend.updates.length).toBeLessThanOrEqual(2);
    expectUnharmed(siege);
  });
});

describe("a neighbour that greets and greets", () => {
  test("is answered by none of it", () => {
    const siege = besieged();
    for (let count = 0; count < 10_000; count++) siege.enemy.tell({ own: 1 });
    expect(siege.enemy.sent).toEqual([]);
    // What it says of itself is news to others, and that is all it costs.
    expect(siege.friend.updates.length).toBeLessThanOrEqual(10_000);
    expectUnharmed(siege);
  });
});
