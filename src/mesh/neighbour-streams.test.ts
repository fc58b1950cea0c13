/** What neighbours may ask of direct streams, and what they may not. */
import { buffer } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { silentLog } from "#core";
import { MemoryMesh, untilSo } from "../../test/kit/memory-mesh.ts";
import type { Session } from "./backend/backend.ts";
import { memoryRoad } from "./backend/memory/backend.ts";
import { messageType } from "./packet/message-types.ts";
import type { FarhandHello } from "./packet/farhand-hello.ts";
import { encodeRoutingUpdate } from "./packet/routing-update.ts";
import { decodeFrame, encodeFrame, type Frame } from "./stream/direct/frames.ts";
import type { Mesh } from "./mesh.ts";

const node: FarhandHello = { version: 1, stub: false, hub: true, direct: true };
const stub: FarhandHello = { version: 1, stub: true, hub: false, direct: true };

/** A neighbour that says what the test wants it to. Of the ids of streams it has the odd ones. */
class Enemy {
  readonly #session: Session;
  readonly frames: Frame[] = [];
  #lastId = -1;

  constructor(session: Session, hello: FarhandHello) {
    this.#session = session;
    session.start({
      message: (message) => {
        if (message[0] !== messageType.direct) return;
        const frame = decodeFrame(message.subarray(1));
        if (frame) this.frames.push(frame);
      },
      drained: () => {},
    });
    const update = {
      ...{ nodeId: "enemy", forwardingNode: "enemy", updateId: "abcdefgh", updateEpoch: 1n, updateSequence: 1n },
      ...{ suspectedDuplicate: 0n, farhand: hello },
    };
    session.send(encodeRoutingUpdate({ ...update, connections: new Map() }));
  }

  open(fromNode: string, toNode: string, service: string): number {
    this.#lastId += 2;
    this.say({ kind: "open", id: this.#lastId, priority: "data", window: 1000, fromNode, toNode, service });
    return this.#lastId;
  }

  say(frame: Frame): void {
    this.#session.send(Buffer.concat([Uint8Array.of(messageType.direct), encodeFrame(frame)]));
  }

  /** What came of an open. */
  async answer(id: number): Promise<Frame | undefined> {
    const found = () => this.frames.find((frame) => frame.id === id);
    await untilSo(() => found() !== undefined);
    return found();
  }
}

/** Names in an order that leaves the odd ids to the enemy. */
async function besieged(hello: FarhandHello, rules: readonly Readonly<Record<string, unknown>>[] = []) {
  const nodes = new MemoryMesh();
  const [hub, friend] = [
    nodes.node("hub", { firewallRules: rules }),
    nodes.node("friend", { hasQuic: false, isStub: true }),
  ];
  for (const mesh of [hub, friend])
    mesh.listen("hello", { accept: (stream) => void stream.end(`hello ${stream.remoteNode}`) });
  await nodes.join(friend, hub);
  const road = memoryRoad({ name: "enemy" });
  await hub.addBackend(road.listener, { cost: 1 });
  let enemy: Enemy | undefined;
  await road.dialer.start((session) => void (enemy = new Enemy(session, hello)));
  await untilSo(() => hub.status().Connections.length === 2);
  return { nodes, hub, friend, enemy: enemy as Enemy };
}

const greeting = async (from: Mesh, to: string) => {
  const stream = await from.dial(to, "hello");
  return (await buffer(stream.end())).toString();
};

describe("a neighbour", () => {
  test("opens streams to services of this node in its own name, and in nobody else's", async () => {
    const { nodes, enemy } = await besieged(node);
    await using _nodes = nodes;
    expect(await enemy.answer(enemy.open("enemy", "hub", "hello"))).toMatchObject({ kind: "accept" });
    for (const name of ["friend", "hub", "nobody", "Enemy"])
      expect(await enemy.answer(enemy.open(name, "hub", "hello"))).toMatchObject({
        kind: "refuse",
        text: `enemy may not open streams for ${name}`,
      });
  });

  test("is not passed on, so that no stream goes in a circle between two hubs", async () => {
    const { nodes, enemy } = await besieged(node);
    await using _nodes = nodes;
    for (const to of ["friend", "enemy", "nobody"])
      expect(await enemy.answer(enemy.open("enemy", to, "hello"))).toMatchObject({
        kind: "refuse",
        text: `this node passes no direct streams on to ${to}`,
      });
  });

  test("that asks for streams and takes them back keeps nobody else from his", async () => {
    const { nodes, hub, friend, enemy } = await besieged(node);
    await using _nodes = nodes;
    for (let count = 0; count < 5_000; count++) {
      const id = enemy.open("enemy", "hub", "hello");
      enemy.say({ kind: "reset", id, code: 0, text: "" });
    }
    expect(await greeting(friend, "hub")).toBe("hello friend");
    expect(await greeting(hub, "friend")).toBe("hello hub");
  });
});

describe("a stub", () => {
  test("is passed on to other stubs in its own name alone", async () => {
    const { nodes, enemy } = await besieged(stub);
    await using _nodes = nodes;
    expect(await enemy.answer(enemy.open("enemy", "friend", "hello"))).toMatchObject({ kind: "accept" });
    expect(await enemy.answer(enemy.open("hub", "friend", "hello"))).toMatchObject({ kind: "refuse" });
  });

  test("has a thousand streams through its hub at most", async () => {
    const { nodes, enemy } = await besieged(stub);
    await using _nodes = nodes;
    let last = 0;
    // Nobody of this name answers, and the hub tries for a while.
    for (let count = 0; count < 1_001; count++) last = enemy.open("enemy", "silence", "hello");
    expect(await enemy.answer(last)).toMatchObject({
      kind: "refuse",
      text: "enemy has too many streams through its hub",
    });
    const refused = enemy.frames.filter(({ kind }) => kind === "refuse");
    expect(refused).toHaveLength(1);
  });
});

describe("firewall rules", () => {
  test.each([
    ["reject", { action: "reject", fromnode: "enemy", tonode: "friend" }],
    ["drop", { action: "drop", toservice: "hello", fromnode: "/en.*/" }],
  ])("that %s hold for direct streams", async (_action, rule) => {
    const { nodes, friend, enemy } = await besieged(stub, [rule]);
    await using _nodes = nodes;
    expect(await enemy.answer(enemy.open("enemy", "friend", "hello"))).toMatchObject({
      kind: "refuse",
      text: "blocked by firewall",
    });
    expect(await greeting(friend, "hub")).toBe("hello friend");
  });

  test("of the stub itself hold too, and for what it dials", async () => {
    await using nodes = new MemoryMesh();
    const hub = nodes.node("hub");
    const rules = [
      { action: "reject", tonode: "leaf", toservice: "hello" },
      { action: "drop", tonode: "hub", toservice: "secret" },
    ];
    const leaf = nodes.node("leaf", { isStub: true, log: silentLog, firewallRules: rules });
    leaf.listen("hello", { accept: (stream) => void stream.end() });
    await nodes.join(leaf, hub);
    await untilSo(() => hub.hasRoute("leaf") && leaf.hasRoute("hub"));
    await expect(hub.dial("leaf", "hello")).rejects.toMatchObject({ code: "BLOCKED" });
    await expect(leaf.dial("hub", "secret")).rejects.toMatchObject({ code: "BLOCKED" });
    await expect(leaf.dial("hub", "other")).rejects.toMatchObject({ code: "SERVICE_UNKNOWN" });
  });
});

test("a hub announces so many stubs and no more; the others are reached from it and its stubs alone", async () => {
  await using nodes = new MemoryMesh();
  const hub = nodes.node("hub", { maxAnnouncedStubs: 1 });
  const far = nodes.node("far");
  const [known, secret] = [nodes.node("known", { isStub: true }), nodes.node("secret", { isStub: true })];
  for (const mesh of [far, known, secret])
    mesh.listen("hello", { accept: (stream) => void stream.end(`hello ${stream.remoteNode}`) });
  await nodes.join(far, hub);
  await nodes.join(known, hub);
  await untilSo(() => far.hasRoute("known"));
  await nodes.join(secret, hub);
  await untilSo(() => hub.hasRoute("secret") && hub.status().Advertisements.length === 3);
  expect(await greeting(hub, "secret")).toBe("hello hub");
  expect(await greeting(known, "secret")).toBe("hello known");
  expect(await greeting(secret, "known")).toBe("hello secret");
  expect(await hub.ping("secret")).toMatchObject({ from: "secret" });
  expect(far.hasRoute("secret")).toBe(false);
  expect(
    far
      .status()
      .Advertisements.map(({ NodeID }) => NodeID)
      .sort(),
  ).toEqual(["far", "known"]);
  expect(far.status().KnownConnectionCosts["hub"]).toEqual({ far: 1, known: 1 });
  await expect(far.dial("known", "hello")).resolves.toBeDefined();
  // The next one takes the place of one that leaves.
  await known.close();
  await untilSo(() => far.hasRoute("secret"));
  expect(await greeting(far, "secret")).toBe("hello far");
  expect(await greeting(secret, "far")).toBe("hello secret");
});
