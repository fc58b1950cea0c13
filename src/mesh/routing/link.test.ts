import { describe, expect, test } from "vitest";
import { encodeAlive } from "./neighbour-messages.ts";
import { farhand, RouterUnderTest, stub } from "../../../test/kit/played-neighbour.ts";

const rejected = [Uint8Array.of(0x03, 0x5b, 0x5d)];

/** A node with one road on which nobody has spoken yet. */
function strangers(
  ...[terms, road]: [Parameters<RouterUnderTest["road"]>[1]?, Parameters<RouterUnderTest["road"]>[2]?]
) {
  const node = new RouterUnderTest();
  return { node, peer: node.road("peer", terms, road) };
}

describe("a link greets", () => {
  test("at once, with an update of ours that does not list the neighbour", () => {
    const { node, peer } = strangers();
    const [greeting] = peer.updates;
    expect(peer.sent).toHaveLength(1);
    expect(greeting).toMatchObject({ nodeId: "own", forwardingNode: "own", suspectedDuplicate: 0n, farhand });
    expect(greeting?.connections.size).toBe(0);
    expect(greeting?.updateEpoch).toBe(node.router.epoch);
    expect(greeting?.updateId).toMatch(/^[0-9A-Za-z]{8}$/);
  });

  test("again every second, each time with a higher sequence, and gives up after eleven", () => {
    const { node, peer } = strangers();
    node.clock.pass(999);
    expect(peer.updates).toHaveLength(1);
    node.clock.pass(9_001);
    const sequences = peer.updates.map(({ updateSequence }) => Number(updateSequence));
    expect(sequences).toEqual([...sequences].sort((a, b) => a - b));
    expect(new Set(sequences).size).toBe(11);
    expect(peer.isClosed).toBe(false);
    node.clock.pass(1_000);
    expect(peer.sentOf(1)).toHaveLength(11);
    expect(peer.isClosed).toBe(true);
    expect(node.log).toContain("warn link over road to peer ended: the neighbour does not answer");
  });

  test("no more once the neighbour has said who it is", () => {
    const { node, peer } = strangers();
    node.clock.pass(1_000);
    peer.greet();
    peer.forget();
    node.clock.pass(90);
    expect(peer.sent).toEqual([]);
    node.clock.pass(3_000);
    // The one flood about the new link.
    expect(peer.updates).toHaveLength(1);
  });
});

describe("before a link is up", () => {
  test("all but routing updates and rejects is dropped", () => {
    const { node, peer } = strangers();
    for (const type of [0, 2, 16, 17, 18, 99]) peer.say(Uint8Array.of(type, 0x7b, 0x7d));
    peer.say(Buffer.from("\u0001{}"));
    peer.say(Buffer.from("\u0001no JSON"));
    peer.say(Uint8Array.of(1));
    expect(node.messages).toEqual([]);
    expect(peer.isClosed).toBe(false);
    expect(node.router.links.size).toBe(0);
  });

  test("the first update decides the neighbour's id, whomever it is about, and says nothing else", () => {
    const { node, peer } = strangers();
    peer.pass({ nodeId: "third", connections: new Map([["own", 7]]), forwardingNode: "peer" });
    expect([...node.router.links.keys()]).toEqual(["peer"]);
    expect(peer.link.cost).toBe(1);
    expect(node.routes).toEqual({ peer: "peer" });
    expect([...node.known]).toEqual(["peer"]);
  });

  test("a reject ends it", () => {
    const { peer } = strangers();
    peer.say(Buffer.from("\u0003[]"));
    expect(peer.isClosed).toBe(true);
    expect(peer.sentOf(3)).toEqual([]);
  });
});

describe("a neighbour is turned away", () => {
  test("when it has our own id", () => {
    const node = new RouterUnderTest();
    const peer = node.road("own");
    peer.greet();
    expect(peer.sentOf(3)).toEqual(rejected);
    expect(peer.isClosed).toBe(true);
    expect(node.log.at(-1)).toContain("tried to connect using our own node ID");
  });

  test.each([
    [["peer", "other"], true],
    [["other"], false],
    [[], false],
  ])("unless it is one of the allowed peers %j", (allowedPeers, isAllowed) => {
    const { node, peer } = strangers({ allowedPeers });
    peer.greet();
    expect(peer.link.isUp).toBe(isAllowed);
    expect(peer.sentOf(3)).toEqual(isAllowed ? [] : rejected);
    if (!isAllowed) expect(node.log.at(-1)).toContain("node peer is not one of the allowed peers");
  });

  test("when somebody with its id is connected already; the link there is stays", () => {
    const node = new RouterUnderTest();
    const first = node.neighbour("peer");
    const second = node.road("peer");
    second.greet();
    expect(second.sentOf(3)).toEqual(rejected);
    expect(node.log.at(-1)).toContain("connected using a node ID we are already connected to");
    expect(first.link.isUp).toBe(true);
    expect(node.router.links.get("peer")).toBe(first.link);
  });

  test("when it is a Farhand node and its certificate is another node's", () => {
    const { node, peer } = strangers({}, { provenNodeIds: ["other"] });
    peer.hello = farhand;
    peer.greet();
    expect(peer.sentOf(3)).toEqual(rejected);
    expect(node.log.at(-1)).toContain("its certificate is for node other and not for peer");
  });

  test.each([
    [["other", "third"], "its certificate is for node other, third and not for peer"],
    [[], "it shows no certificate with a node id, and it says it is peer"],
    [undefined, "it shows no certificate with a node id, and it says it is peer"],
  ])("whatever node it is, where it must prove its id and shows %j", (provenNodeIds, why) => {
    for (const hello of [undefined, farhand]) {
      const { node, peer } = strangers({ mustProveId: true }, { provenNodeIds });
      if (hello) peer.hello = hello;
      peer.greet();
      expect(peer.sentOf(3)).toEqual(rejected);
      expect(node.log.at(-1)).toContain(why);
    }
  });

  test("not when it has proved its id", () => {
    const { peer } = strangers({ mustProveId: true }, { provenNodeIds: ["other", "peer"] });
    peer.greet();
    expect(peer.link.isUp).toBe(true);
  });

  test("not when it is a Receptor node with such a certificate", () => {
    const { peer } = strangers({}, { provenNodeIds: ["other"] });
    peer.greet();
    expect(peer.link.isUp).toBe(true);
  });
});

describe("the cost of a link", () => {
  test("is the one for the node where there is one", () => {
    const node = new RouterUnderTest();
    const terms = { cost: 4.5, nodeCosts: { node2: 2.6 } };
    const [two, three] = [node.road("node2", terms), node.road("node3", terms)];
    two.greet();
    three.greet();
    expect([two.link.cost, three.link.cost]).toEqual([2.6, 4.5]);
  });

  test("is never what a neighbour's strange name finds in the runtime", () => {
    const { peer } = { peer: new RouterUnderTest().road("constructor", { nodeCosts: { node2: 2 } }) };
    peer.greet();
    expect(peer.link.cost).toBe(1);
  });

  test("must be the same at both ends, to the last bit", () => {
    const node = new RouterUnderTest();
    const [same, other] = [node.road("same", { cost: 0.3 }), node.road("other", { cost: 0.3 })];
    same.greet();
    other.greet();
    same.tell({ own: 0.3 });
    other.tell({ own: 0.1 + 0.2 });
    expect(same.link.isUp).toBe(true);
    expect(other.sentOf(3)).toEqual(rejected);
    expect(other.isClosed).toBe(true);
    expect(node.log.at(-1)).toContain("we disagree about the connection cost");
  });
});

describe("a link that is up", () => {
  test("ends when its neighbour takes another id", () => {
    const node = new RouterUnderTest();
    const peer = node.neighbour("peer");
    peer.pass({ nodeId: "peer", forwardingNode: "impostor", connections: new Map([["own", 1]]) });
    expect(peer.sentOf(3)).toEqual(rejected);
    expect(node.log.at(-1)).toContain("remote node ID changed unexpectedly");
  });

  test("ends when its neighbour no longer lists us", () => {
    const node = new RouterUnderTest();
    const peer = node.neighbour("peer");
    peer.tell({ other: 1 });
    expect(peer.sentOf(3)).toEqual(rejected);
    expect(node.log.at(-1)).toContain("remote node no longer lists us as a connection");
  });

  test("ignores a greeting that is late altogether", () => {
    const node = new RouterUnderTest();
    const peer = node.road("peer");
    peer.greet();
    peer.tell({ third: 1 });
    expect(peer.isClosed).toBe(false);
    expect(node.routes).toEqual({ peer: "peer" });
  });

  test("does not mind what third nodes say of themselves", () => {
    const node = new RouterUnderTest();
    const peer = node.neighbour("peer", { third: 1 });
    peer.pass({ nodeId: "third", connections: new Map([["peer", 9]]) });
    expect(peer.link.isUp).toBe(true);
  });

  test("hands on what is not about routing, unknown types too", () => {
    const node = new RouterUnderTest();
    const peer = node.neighbour("peer");
    const messages = [0, 2, 16, 4, 255].map((type) => Uint8Array.of(type, 1, 2));
    for (const message of messages) peer.say(message);
    expect(node.messages.map((message) => [...message])).toEqual(messages.map((message) => [...message]));
    expect(peer.isClosed).toBe(false);
  });

  test("survives updates that are none", () => {
    const node = new RouterUnderTest();
    const peer = node.neighbour("peer");
    for (const text of ["", "[]", "{", '{"NodeID":5}', '{"Connections":{"a":-1}}', '{"ForwardingNode":"peer"}'])
      peer.say(Buffer.from(`\u0001${text}`));
    expect(peer.link.isUp).toBe(true);
    expect(node.routes).toEqual({ peer: "peer" });
  });

  test("ends with a reject, without an answer to it", () => {
    const node = new RouterUnderTest();
    const peer = node.neighbour("peer");
    peer.say(Buffer.from("\u0003[]"));
    expect(peer.isClosed).toBe(true);
    expect(peer.sent).toEqual([]);
    expect(node.router.links.size).toBe(0);
    expect(node.routes).toEqual({});
  });

  test("ends when nothing came for more than 21 s, looked at every 5 s", () => {
    const node = new RouterUnderTest();
    const [silent, unknown] = [node.neighbour("silent"), node.neighbour("unknown")];
    node.clock.pass(20_000);
    unknown.say(Uint8Array.of(77));
    node.clock.pass(700);
    expect(silent.isClosed).toBe(false);
    node.clock.pass(5_300);
    expect(silent.isClosed).toBe(true);
    expect(unknown.isClosed).toBe(false);
    expect(node.log).toContain("info link to silent over road to silent ended: nothing came for 21 s");
  });

  test("is told something by us every 10 s, so that it does not end there", () => {
    const node = new RouterUnderTest();
    const [theirs, ours] = [node.neighbour("theirs"), node.neighbour("ours", {}, farhand)];
    for (let seconds = 0; seconds < 60; seconds += 10) {
      for (const peer of [theirs, ours]) {
        peer.forget();
        peer.say(Uint8Array.of(77));
      }
      node.clock.pass(10_000);
      for (const peer of [theirs, ours]) expect(peer.sent.length).toBeGreaterThan(0);
    }
  });

  test("sends nothing that is longer than its road carries", () => {
    const node = new RouterUnderTest();
    const peer = node.road("peer", {}, { maxMessageBytes: 500 });
    peer.greet();
    peer.link.send(new Uint8Array(501));
    peer.link.send(new Uint8Array(500));
    expect(peer.sent.filter(({ length }) => length >= 500)).toHaveLength(1);
    expect(node.log.at(-1)).toContain("a message of 501 bytes is too long for road to peer");
  });
});

describe("what a neighbour is to us", () => {
  test("is settled when the link comes up: nobody becomes a stub, or stops being one, later", () => {
    const node = new RouterUnderTest();
    const [plain, leaf] = [node.neighbour("plain", {}, farhand), node.neighbour("leaf", {}, stub)];
    plain.tell({ own: 1 }, { farhand: stub });
    leaf.tell({ own: 1 }, { farhand });
    expect(plain.link.farhand).toEqual(farhand);
    expect(leaf.link.farhand).toEqual(stub);
    plain.say(Buffer.from("\u0003[]"));
    expect(node.router.isStubHere("leaf")).toBe(true);
  });

  test("may be learnt late by a Farhand node whose greeting was lost", () => {
    const node = new RouterUnderTest();
    const peer = node.road("peer");
    peer.pass({ nodeId: "third" });
    expect(peer.link.farhand).toBeUndefined();
    peer.tell({ own: 1 }, { farhand });
    expect(peer.link.farhand).toEqual(farhand);
  });

  test("is learnt from others when the neighbour says what only a Farhand node does, and its own word was lost", () => {
    const node = new RouterUnderTest();
    const peer = node.road("peer");
    const other = node.neighbour("other", {}, farhand);
    peer.pass({ nodeId: "third" });
    other.pass({ nodeId: "peer", connections: new Map([["own", 1]]), farhand });
    expect(peer.link.farhand).toBeUndefined();
    peer.say(encodeAlive(0));
    expect(peer.link.farhand).toEqual(farhand);
    node.clock.pass(200);
    peer.forget();
    node.live(10, peer, other);
    expect(peer.updates).toEqual([]);
    expect(peer.sentOf(17)).toHaveLength(1);
  });
});

describe("a flood of routing messages", () => {
  test("costs a neighbour its turn: so many at once, and then so many a second", () => {
    const node = new RouterUnderTest({ maxNodes: 100_000 });
    const peer = node.neighbour("peer");
    let sequence = 1n;
    const accepted = (count: number): number => {
      const before = node.known.size;
      for (let i = 0; i < count; i++) peer.pass({ nodeId: `n${sequence++}`, connections: new Map([["peer", 1]]) });
      return node.known.size - before;
    };
    expect(accepted(25_000)).toBeGreaterThan(19_900);
    expect(accepted(100)).toBe(0);
    let inOneSecond = 0;
    for (let tenths = 0; tenths < 10; tenths++) {
      node.clock.pass(100);
      inOneSecond += accepted(1_000);
    }
    expect(inOneSecond).toBe(2_000);
  });
});
