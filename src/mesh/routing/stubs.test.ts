import { describe, expect, test } from "vitest";
import { farhand, RouterUnderTest, stub } from "../../../test/kit/played-neighbour.ts";

const to = (costs: Readonly<Record<string, number>>) => new Map(Object.entries(costs));

/** A hub with a stub and a neighbour who is told what others are told. */
function hub(maxAnnouncedStubs = 10) {
  const node = new RouterUnderTest({ maxAnnouncedStubs });
  const other = node.neighbour("other", {}, farhand);
  const leaf = node.neighbour("leaf", {}, stub);
  return { node, other, leaf };
}

describe("a hub", () => {
  test("floods nothing to its stub, and gives it a sign of life every 10 s", () => {
    const { node, other, leaf } = hub();
    other.tell({ own: 1, far: 1 });
    other.pass({ nodeId: "far", connections: to({ other: 1 }) });
    node.router.flood(Buffer.from("\u0002{}"));
    node.clock.pass(20_000);
    expect(leaf.sentOf(17)).toHaveLength(2);
    expect(leaf.sent).toHaveLength(2);
  });

  test("tells others of its stub: in its own connections, and by the stub's update", () => {
    const { other } = hub();
    expect(other.updates.map(({ nodeId }) => nodeId).sort()).toEqual(["leaf", "own"]);
    const [ofLeaf, ofHub] = [...other.updates].sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
    expect(ofLeaf?.connections).toEqual(to({ own: 1 }));
    expect(ofHub?.connections).toEqual(to({ other: 1, leaf: 1 }));
  });

  test("sends to its stub directly, and through it to nobody", () => {
    const { node, leaf } = hub();
    leaf.tell({ own: 1, beyond: 1 });
    node.clock.pass(100);
    expect(node.router.ways.nextHop("leaf")).toBe(leaf.link);
    expect(node.router.isStubHere("leaf")).toBe(true);
    expect(node.router.isStubHere("other")).toBe(false);
    expect(node.routes).toEqual({ other: "other" });
  });

  test("takes nothing from its stub but its own update", () => {
    const { node, other, leaf } = hub();
    leaf.pass({ nodeId: "invented", connections: to({ leaf: 1 }) });
    leaf.pass({ nodeId: "own", updateEpoch: 5n, suspectedDuplicate: node.router.epoch });
    leaf.pass({ nodeId: "own", updateEpoch: node.router.epoch + 1n });
    leaf.pass({ nodeId: "other", updateEpoch: 9n, suspectedDuplicate: 1n });
    node.clock.pass(200);
    expect(node.duplicates).toBe(0);
    expect([...node.known]).toEqual(["other", "leaf"]);
    expect(other.updates.filter(({ nodeId }) => nodeId !== "leaf" && nodeId !== "own")).toEqual([]);
    expect(other.updates.every(({ suspectedDuplicate }) => suspectedDuplicate === 0n)).toBe(true);
  });

  test("compares nothing with its stub", () => {
    const { leaf } = hub();
    leaf.say(Buffer.concat([Uint8Array.of(18, 1), Buffer.alloc(8), Buffer.alloc(8, 0xff)]));
    for (let count = 0; count < 10; count++) leaf.say(Uint8Array.of(17, 1, 2, 3, 4));
    expect(leaf.sent).toEqual([]);
  });

  test("announces so many stubs and no more; of the rest nothing is flooded, not even their coming and going", () => {
    const { node, other } = hub(1);
    other.forget();
    const secret = node.neighbour("secret", {}, stub);
    secret.tell({ own: 1 });
    node.router.flood(Buffer.from("\u0002{}"), secret.link);
    node.clock.pass(500);
    expect(node.router.ways.nextHop("secret")).toBe(secret.link);
    secret.link.drop("cut");
    node.clock.pass(500);
    expect(other.sent).toEqual([]);
    expect(node.forgotten).toEqual(["secret"]);
    expect(node.router.ways.nextHop("secret")).toBeUndefined();
  });

  test("tells others of the next stub as soon as there is room: of itself, and what it said", () => {
    const { node, other, leaf } = hub(1);
    const [second, third] = [node.neighbour("second", {}, stub), node.neighbour("third", {}, stub)];
    other.forget();
    leaf.link.drop("cut");
    node.clock.pass(500);
    expect(other.updates).toMatchObject([
      { nodeId: "second", connections: to({ own: 1 }), forwardingNode: "own", farhand: { stub: true } },
      { nodeId: "own", connections: to({ other: 1, second: 1 }) },
    ]);
    other.forget();
    third.tell({ own: 1 });
    node.clock.pass(500);
    expect(other.sent).toEqual([]);
    second.tell({ own: 1 });
    expect(other.updates).toMatchObject([{ nodeId: "second" }]);
    node.neighbour("leaf", {}, stub);
    third.link.drop("cut");
    second.link.drop("cut");
    node.clock.pass(500);
    expect(other.updates.at(-1)).toMatchObject({ nodeId: "own", connections: to({ other: 1, leaf: 1 }) });
  });

  test("tells others when an announced stub is gone", () => {
    const { node, other, leaf } = hub();
    other.forget();
    leaf.link.drop("cut");
    node.clock.pass(100);
    expect(other.updates).toMatchObject([{ nodeId: "own", connections: to({ other: 1 }) }]);
    expect(node.router.isStubHere("leaf")).toBe(false);
  });

  test("counts its stubs however they leave and come back", () => {
    const { node, leaf } = hub();
    leaf.link.drop("cut");
    leaf.link.drop("again");
    const back = node.neighbour("leaf", {}, stub);
    expect(node.router.isStubHere("leaf")).toBe(true);
    back.link.drop("cut");
    expect(node.router.isStubHere("leaf")).toBe(false);
  });
});

describe("a stub", () => {
  test("sends all that is not for a neighbour to its hub, whoever that is for", () => {
    const node = new RouterUnderTest({ hello: stub });
    const above = node.neighbour("above", {}, farhand);
    expect(node.router.ways.nextHop("above")).toBe(above.link);
    expect(node.router.ways.nextHop("never heard of")).toBe(above.link);
    above.link.drop("cut");
    expect(node.router.ways.nextHop("never heard of")).toBeUndefined();
  });

  test("prefers the cheaper of two hubs, and takes the other when that is gone", () => {
    const node = new RouterUnderTest({ hello: stub });
    const [dear, cheap] = [node.road("dear", { cost: 2 }), node.road("cheap", { cost: 1 })];
    dear.hello = cheap.hello = farhand;
    dear.greet();
    cheap.greet();
    expect(node.router.ways.nextHop("far")).toBe(cheap.link);
    cheap.link.drop("cut");
    expect(node.router.ways.nextHop("far")).toBe(dear.link);
  });

  test("tells its hub of itself, and passes nothing on", () => {
    const node = new RouterUnderTest({ hello: stub });
    const [above, second] = [node.neighbour("above", {}, farhand), node.neighbour("second", {}, farhand)];
    second.forget();
    above.pass({ nodeId: "far" });
    node.clock.pass(200);
    expect(second.updates.filter(({ nodeId }) => nodeId !== "own")).toEqual([]);
  });

  test("is at the end of a way for every node, never in the middle of one", () => {
    const node = new RouterUnderTest();
    const one = node.neighbour("hub1", { leaf: 1 }, farhand);
    one.pass({ nodeId: "leaf", connections: to({ hub1: 1, hub2: 1 }), farhand: stub });
    one.pass({ nodeId: "hub2", connections: to({ leaf: 1, behind: 1 }), farhand });
    expect(node.routes).toEqual({ hub1: "hub1", leaf: "hub1" });
    expect(node.router.topology.knownCosts()["leaf"]).toEqual({ hub1: 1, hub2: 1 });
  });
});
