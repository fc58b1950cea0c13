import { describe, expect, test } from "vitest";
import { farhand, type PlayedNeighbour, RouterUnderTest, stub } from "../../../test/kit/played-neighbour.ts";

const to = (costs: Readonly<Record<string, number>>) => new Map(Object.entries(costs));
const rest = (message: Uint8Array): string => Buffer.from(message).toString();

/** A node with two neighbours that are Receptor nodes. */
function between(): { node: RouterUnderTest; left: PlayedNeighbour; right: PlayedNeighbour } {
  const node = new RouterUnderTest();
  const [left, right] = [node.neighbour("left"), node.neighbour("right")];
  left.forget();
  return { node, left, right };
}

/** Ids of nodes whose updates a neighbour was sent. */
const toldOf = (peer: PlayedNeighbour): string[] => peer.updates.map(({ nodeId }) => nodeId);

describe("a node", () => {
  test("that comes with a newer epoch has started anew", () => {
    const { node, left } = between();
    left.pass({ nodeId: "far", updateEpoch: 1n, updateSequence: 5n, connections: to({ left: 1 }) });
    left.pass({ nodeId: "far", updateEpoch: 1n, updateSequence: 6n, connections: to({ left: 1 }) });
    expect(node.restarted).toEqual([]);
    left.pass({ nodeId: "far", updateEpoch: 2n, updateSequence: 1n, connections: to({ left: 1 }) });
    expect(node.restarted).toEqual(["far"]);
  });

  test("gets long datagrams only where every node on the way says that its roads lose nothing", () => {
    const node = new RouterUnderTest();
    const left = node.neighbour("left", { far: 1 }, farhand);
    const far = { nodeId: "far", connections: to({ left: 1, beyond: 1 }) };
    left.pass({ ...far, farhand });
    left.pass({ nodeId: "beyond", connections: to({ far: 1 }) });
    node.clock.pass(200);
    expect(node.router.ways.isSteady("left")).toBe(true);
    expect(node.router.ways.isSteady("far")).toBe(true);
    // A Receptor node does not say.
    expect(node.router.ways.isSteady("beyond")).toBe(false);
    expect(node.router.ways.isSteady("nobody")).toBe(false);
    left.pass({ ...far, updateSequence: 2n, farhand: { ...farhand, lossy: true } });
    node.clock.pass(200);
    expect(node.router.ways.isSteady("far")).toBe(false);
    expect(node.router.ways.isSteady("left")).toBe(true);
  });

  test("with a road that loses messages says so, and sends no long datagrams over it", () => {
    const node = new RouterUnderTest();
    const steady = node.neighbour("steady", {}, farhand);
    steady.forget();
    const lossy = node.road("lossy", {}, { isReliable: false });
    lossy.hello = farhand;
    lossy.greet();
    lossy.tell({ own: 1 });
    node.clock.pass(200);
    expect(steady.updates.at(-1)?.farhand).toMatchObject({ lossy: true });
    expect(node.router.ways.isSteady("lossy")).toBe(false);
    expect(node.router.ways.isSteady("steady")).toBe(true);
  });

  test("sends long datagrams to its stub too, unless the stub or the road to it loses messages", () => {
    const node = new RouterUnderTest();
    node.neighbour("leaf", {}, stub);
    node.neighbour("shaky", {}, { ...stub, lossy: true });
    const lossy = node.road("far", {}, { isReliable: false });
    lossy.hello = stub;
    lossy.greet();
    lossy.tell({ own: 1 });
    node.clock.pass(200);
    expect(["leaf", "shaky", "far"].map((name) => node.router.ways.isSteady(name))).toEqual([true, false, false]);
  });
});

describe("a routing update (spec §3.6)", () => {
  test("step 1: without a node id is ignored", () => {
    const { node, left, right } = between();
    left.pass({ nodeId: "" });
    node.clock.pass(200);
    expect(right.sent).toEqual([]);
  });

  test("step 2: that is an echo of ours is ignored", () => {
    const { node, left, right } = between();
    left.pass({ nodeId: "own", updateEpoch: node.router.epoch, updateSequence: 999n, connections: to({ x: 1 }) });
    node.clock.pass(200);
    expect([...left.sent, ...right.sent]).toEqual([]);
    expect(node.routes).toEqual({ left: "left", right: "right" });
  });

  test("step 2: of an older node with our id is ignored", () => {
    const { node, left, right } = between();
    left.pass({ nodeId: "own", updateEpoch: node.router.epoch - 1n });
    node.clock.pass(200);
    expect([...left.sent, ...right.sent]).toEqual([]);
    expect(node.duplicates).toBe(0);
  });

  test("step 2: of a newer node with our id makes us tell it so, and all others the truth behind it", () => {
    const { node, left, right } = between();
    const newer = node.router.epoch + 1n;
    left.pass({ nodeId: "own", updateEpoch: newer });
    node.clock.pass(250);
    for (const peer of [left, right]) {
      expect(peer.updates.map(({ suspectedDuplicate }) => suspectedDuplicate)).toEqual([newer, 0n]);
      expect(peer.updates.map(({ nodeId }) => nodeId)).toEqual(["own", "own"]);
      expect(peer.updates[0]?.updateEpoch).toBe(node.router.epoch);
      expect(peer.updates[1]?.connections).toEqual(to({ left: 1, right: 1 }));
    }
    expect(node.duplicates).toBe(0);
  });

  test("step 2: by which the older node of our id names our epoch tells us to shut down", () => {
    const { node, left, right } = between();
    left.pass({ nodeId: "own", updateEpoch: 5n, suspectedDuplicate: node.router.epoch });
    node.clock.pass(200);
    expect(node.duplicates).toBe(1);
    expect(node.log.at(-1)).toContain("We are a duplicate node with ID own");
    expect(right.sent).toEqual([]);
  });

  test("step 2: by which the older node names somebody else's epoch does not", () => {
    const { node, left } = between();
    left.pass({ nodeId: "own", updateEpoch: 5n, suspectedDuplicate: node.router.epoch + 7n });
    expect(node.duplicates).toBe(0);
  });

  test("step 3: is taken once, over whichever link it comes first", () => {
    const { left, right } = between();
    const update = left.pass({ nodeId: "far", connections: to({ left: 1 }) });
    expect(toldOf(right)).toEqual(["far"]);
    right.pass({ ...update, forwardingNode: "right" });
    left.pass({ ...update, forwardingNode: "left", updateSequence: 9n });
    expect(toldOf(left)).toEqual([]);
    expect(toldOf(right)).toEqual(["far"]);
  });

  test("step 4: of an older duplicate puts its own age in place of the newer one's, and goes on, once", () => {
    const { left, right } = between();
    left.pass({ nodeId: "far", updateEpoch: 9n, updateSequence: 4n, connections: to({ left: 1 }) });
    right.forget();
    const told = left.pass({ nodeId: "far", updateEpoch: 3n, updateSequence: 2n, suspectedDuplicate: 9n });
    right.pass({ ...told, forwardingNode: "right" });
    expect(right.updates).toMatchObject([{ updateEpoch: 3n, suspectedDuplicate: 9n, forwardingNode: "own" }]);
    expect(left.sent).toEqual([]);
    left.pass({ nodeId: "far", updateEpoch: 3n, updateSequence: 2n });
    expect(right.updates).toHaveLength(1);
    left.pass({ nodeId: "far", updateEpoch: 3n, updateSequence: 3n });
    expect(right.updates).toHaveLength(2);
  });

  test("step 4: does not touch what is known of links", () => {
    const { node, left } = between();
    left.tell({ own: 1, far: 1 });
    left.pass({ nodeId: "far", updateEpoch: 9n, connections: to({ left: 1 }) });
    left.pass({ nodeId: "far", updateEpoch: 3n, suspectedDuplicate: 9n, connections: to({ elsewhere: 1 }) });
    expect(node.routes).toEqual({ left: "left", right: "right", far: "left" });
  });

  test("step 4: of an epoch nobody knows changes nothing, and goes on all the same", () => {
    const { left, right } = between();
    left.pass({ nodeId: "far", updateEpoch: 9n, updateSequence: 4n });
    left.pass({ nodeId: "far", updateEpoch: 3n, suspectedDuplicate: 8n });
    expect(right.updates).toHaveLength(2);
    left.pass({ nodeId: "far", updateEpoch: 3n, updateSequence: 5n });
    expect(right.updates).toHaveLength(2);
  });

  test("step 5: that is no newer than what is known is ignored and not passed on", () => {
    const { left, right } = between();
    left.pass({ nodeId: "far", updateEpoch: 5n, updateSequence: 5n });
    right.forget();
    left.pass({ nodeId: "far", updateEpoch: 5n, updateSequence: 5n });
    left.pass({ nodeId: "far", updateEpoch: 5n, updateSequence: 4n });
    left.pass({ nodeId: "far", updateEpoch: 4n, updateSequence: 99n });
    expect(right.sent).toEqual([]);
    left.pass({ nodeId: "far", updateEpoch: 5n, updateSequence: 6n });
    left.pass({ nodeId: "far", updateEpoch: 6n, updateSequence: 1n });
    expect(right.updates).toHaveLength(2);
  });

  test("step 5: of an unknown Receptor node makes us flood our own, so that the newcomer learns of us", () => {
    const { node, left, right } = between();
    left.pass({ nodeId: "far" });
    expect(node.known).toContain("far");
    node.clock.pass(100);
    expect(toldOf(left)).toEqual(["own"]);
    expect(toldOf(right)).toEqual(["far", "own"]);
  });

  test("step 5: of an unknown Farhand node does not: its neighbours tell it of us", () => {
    const { node, left, right } = between();
    left.pass({ nodeId: "far", farhand });
    node.clock.pass(200);
    expect(node.known).toContain("far");
    expect(toldOf(left)).toEqual([]);
    expect(toldOf(right)).toEqual(["far"]);
  });

  test("step 6: changes routes within 100 ms", () => {
    const { node, left } = between();
    left.tell({ own: 1, far: 1 });
    left.pass({ nodeId: "far", connections: to({ left: 1, farther: 1 }) });
    node.clock.pass(100);
    expect(node.routes).toEqual({ left: "left", right: "right", far: "left", farther: "left" });
    left.tell({ own: 1 });
    expect(node.routes).toEqual({ left: "left", right: "right" });
  });

  test("step 7: goes on to all neighbours but the one it came from, with nothing changed but who hands it on", () => {
    const { node, left, right } = between();
    const third = node.neighbour("third");
    right.forget();
    left.forget();
    const written =
      '\u0001{"NodeID":"far","UpdateID":"x7Kq0ZpA","UpdateEpoch":29021265349194838,"UpdateSequence":9007199254740993,' +
      '"Connections":{"left":1.0,"b":2.50},"ForwardingNode":"left","SuspectedDuplicate":0}';
    left.say(Buffer.from(written));
    const passedOn = written.replace('"ForwardingNode":"left"', '"ForwardingNode":"own"');
    expect(right.sent.map(rest)).toEqual([passedOn]);
    expect(third.sent.map(rest)).toEqual([passedOn]);
    expect(left.sent).toEqual([]);
  });

  test("step 7: keeps every bit of large numbers also when it is written in another form", () => {
    const { left, right } = between();
    left.say(
      Buffer.from(
        '\u0001{ "nodeid": "f\\u00e4r", "updateid": "x7Kq0ZpB", "updateepoch": 18446744073709551615, "updatesequence": 1,' +
          '"connections": null, "forwardingnode": "left", "suspectedduplicate": 9007199254740993 }',
      ),
    );
    expect(right.updates).toMatchObject([
      { nodeId: "fär", updateEpoch: 2n ** 64n - 1n, suspectedDuplicate: 2n ** 53n + 1n, forwardingNode: "own" },
    ]);
  });
});

describe("our own update", () => {
  test("is flooded once, 100 ms after the first of several changes", () => {
    const node = new RouterUnderTest();
    const left = node.neighbour("left");
    const right = node.road("right");
    right.greet();
    node.clock.pass(60);
    left.forget();
    node.router.floodSoon();
    node.clock.pass(39);
    expect(left.sent).toEqual([]);
    node.clock.pass(1);
    expect(left.updates).toMatchObject([{ nodeId: "own", connections: to({ left: 1, right: 1 }) }]);
    node.clock.pass(1_000);
    expect(left.updates).toHaveLength(1);
  });

  test("is flooded when a neighbour is lost, and its way is gone at once", () => {
    const { node, left, right } = between();
    left.link.drop("cut");
    expect(Object.fromEntries(node.router.ways.routes())).toEqual({
      right: { nextHop: "right", previous: "own", cost: 1 },
    });
    node.clock.pass(100);
    expect(right.updates).toMatchObject([{ nodeId: "own", connections: to({ right: 1 }) }]);
  });

  test("has an epoch of the time we started, beyond 2^53", () => {
    const { epoch } = new RouterUnderTest().router;
    expect(epoch >> 24n).toBe(BigInt(Date.UTC(2026, 0, 1) / 1_000));
    expect(epoch).toBeGreaterThan(2n ** 53n);
  });

  test("is repeated every 10 s as long as a neighbour is no Farhand node", () => {
    const node = new RouterUnderTest();
    const [left, ours] = [node.neighbour("left"), node.neighbour("ours", {}, farhand)];
    left.forget();
    node.live(60, left, ours);
    expect(left.updates).toHaveLength(6);
    expect(ours.updates).toHaveLength(6);
  });

  test("is not repeated among Farhand nodes, who compare what they know", () => {
    const node = new RouterUnderTest();
    const ours = node.neighbour("ours", {}, farhand);
    node.live(3_600, ours);
    expect(ours.updates).toEqual([]);
    expect(ours.sentOf(17)).toHaveLength(360);
  });

  test("is repeated every minute for Receptor nodes farther away, who compare nothing", () => {
    const node = new RouterUnderTest();
    const ours = node.neighbour("ours", { theirs: 1 }, farhand);
    ours.pass({ nodeId: "theirs", connections: to({ ours: 1 }) });
    node.clock.pass(200);
    ours.forget();
    node.live(600, ours);
    expect(toldOf(ours)).toEqual(Array.from({ length: 10 }, () => "own"));
  });
});

describe("a newcomer", () => {
  test("that is a Receptor node gets all updates of nodes that can be reached", () => {
    const { node, left } = between();
    left.tell({ own: 1, far: 1 });
    left.pass({ nodeId: "far", connections: to({ left: 1 }) });
    left.pass({ nodeId: "gone", connections: to({ nowhere: 1 }) });
    node.clock.pass(6_000);
    const newcomer = node.road("newcomer");
    newcomer.forget();
    newcomer.greet();
    expect(toldOf(newcomer)).toEqual(["left", "right", "far"]);
    expect(newcomer.updates.every(({ forwardingNode }) => forwardingNode === "own")).toBe(true);
    newcomer.forget();
    newcomer.tell({ own: 1 });
    expect(newcomer.sent).toEqual([]);
  });

  test("is told of a node that was just heard of, though its way may not be known yet", () => {
    const { node, left } = between();
    left.pass({ nodeId: "new", connections: to({ nowhere: 1 }) });
    const newcomer = node.road("newcomer");
    newcomer.greet();
    expect(toldOf(newcomer)).toContain("new");
  });

  test("of an id that is connected makes us use the link there is, which breaks if it is dead", () => {
    const { node, left } = between();
    node.road("left").greet();
    expect(left.updates).toMatchObject([{ nodeId: "own" }]);
    const [again] = left.updates;
    node.clock.pass(200);
    node.router.floodSoon();
    node.clock.pass(200);
    // It said nothing that others do not know.
    expect(left.updates.at(-1)?.updateSequence).toBeGreaterThan(again?.updateSequence ?? 99n);
  });
});

describe("a node that is gone", () => {
  test("is forgotten when no way has led to it for an hour", () => {
    const { node, left } = between();
    left.tell({ own: 1, far: 1, near: 1 });
    left.pass({ nodeId: "far", connections: to({ left: 1 }) });
    left.pass({ nodeId: "near", connections: to({ left: 1 }) });
    left.tell({ own: 1, near: 1 });
    node.live(59 * 60, left);
    expect(node.forgotten).not.toContain("far");
    expect(node.router.topology.knownCosts()).toHaveProperty("far");
    node.live(25 * 60, left);
    expect(node.forgotten).toContain("far");
    expect(node.forgotten).not.toContain("near");
    expect(node.router.topology.knownCosts()).not.toHaveProperty("far");
    left.pass({ nodeId: "far", updateSequence: 2n, connections: to({ left: 1 }) });
    expect(node.router.topology.knownCosts()).toHaveProperty("far");
  });

  test("that connected and said nothing of itself leaves no name behind", () => {
    const node = new RouterUnderTest();
    const peer = node.road("peer");
    peer.greet();
    peer.link.drop("cut");
    expect([...node.known]).toEqual(["peer"]);
    expect(node.forgotten).toEqual(["peer"]);
  });
});

describe("a full table", () => {
  test("takes no more nodes, and tells nobody of them", () => {
    const node = new RouterUnderTest({ maxNodes: 10 });
    const [left, right] = [node.neighbour("left"), node.neighbour("right")];
    for (let number = 0; number < 100; number++) left.pass({ nodeId: `n${number}`, farhand });
    expect(node.known.size).toBe(9);
    expect(new Set(toldOf(right)).size).toBe(7);
  });

  test("has room for a new node once an invented one was found to have no way", () => {
    const node = new RouterUnderTest({ maxNodes: 10 });
    const left = node.neighbour("left");
    for (let number = 0; number < 100; number++) left.pass({ nodeId: `n${number}`, farhand });
    node.live(660, left);
    left.tell({ own: 1, real: 1 });
    left.pass({ nodeId: "real", connections: to({ left: 1 }) });
    expect(node.routes).toEqual({ left: "left", real: "left" });
    expect(node.router.topology.knownCosts()).toHaveProperty("real");
    expect(node.forgotten).toHaveLength(1);
  });

  test("is full also of connections, which cost as much", () => {
    const node = new RouterUnderTest({ maxNodes: 100 });
    const [left, right] = [node.neighbour("left"), node.neighbour("right")];
    const many = new Map(Array.from({ length: 500 }, (_, number) => [`x${number}`, 1]));
    for (let number = 0; number < 10; number++) left.pass({ nodeId: `n${number}`, connections: many, farhand });
    expect(toldOf(right).filter((id) => id !== "own")).toEqual(["n0", "n1", "n2"]);
    left.pass({ nodeId: "n0", updateSequence: 2n, connections: to({ left: 1 }), farhand });
    expect(toldOf(right).at(-1)).toBe("n0");
  });
});

describe("a router that is closed", () => {
  test("has ended its links and says nothing more", () => {
    const { node, left, right } = between();
    node.router.floodSoon();
    node.router.close();
    node.clock.pass(60_000);
    expect([left.isClosed, right.isClosed]).toEqual([true, true]);
    expect([...left.sent, ...right.sent]).toEqual([]);
  });

  test("takes no new road", () => {
    const { node } = between();
    node.router.close();
    const late = node.road("late");
    expect(late.isClosed).toBe(true);
    expect(late.sent).toEqual([]);
  });
});

test("a router knows nobody but itself at first, and is known to nobody", () => {
  const { router } = new RouterUnderTest();
  expect(router.ways.routes().size).toBe(0);
  expect(router.topology.knownCosts()).toEqual({});
});
