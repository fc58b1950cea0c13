/** The behaviours of spec §8.1, each with whole nodes. */
import { setTimeout as sleep } from "node:timers/promises";
import { silentLog } from "#core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MemoryMesh, untilSo } from "../../test/kit/memory-mesh.ts";
import type { OpenBackend } from "./backend/backend.ts";
import { memoryRoad } from "./backend/memory/backend.ts";
import { makeBackend, type RoadSettings } from "./backend/road.ts";
import type { PingReply } from "./datagram/ping.ts";
import type { Mesh } from "./mesh.ts";
import type { LinkTerms } from "./routing/link.ts";
import { keptLog } from "../../test/kit/played-neighbour.ts";
import { seededRandom } from "./simulator/virtual-time.ts";

let nodes: MemoryMesh;
beforeEach(() => {
  nodes = new MemoryMesh();
});
afterEach(() => nodes[Symbol.asyncDispose]());

type Kind = "memory" | "tcp" | "udp" | "ws";

/** Let `dialer` dial `listener`. */
async function join(
  dialer: Mesh,
  listener: Mesh,
  terms: LinkTerms = { cost: 1 },
  theirs = terms,
  kind: Kind = "memory",
) {
  if (kind === "memory") {
    const road = memoryRoad({ times: { firstMs: [20, 50] } });
    await listener.addBackend(road.listener, theirs);
    await dialer.addBackend(road.dialer, terms);
    return;
  }
  const listening = { kind: `${kind}-listener`, bindAddress: "127.0.0.1", port: 0 } as RoadSettings;
  const open = await listener.addBackend(await makeBackend(listening, silentLog), theirs);
  await dialer.addBackend(
    await makeBackend({ kind: `${kind}-peer`, address: addressOf(open, kind) }, silentLog),
    terms,
  );
}

function addressOf({ addresses: [address = ""] }: OpenBackend, kind: Kind): string {
  return kind === "ws" ? `ws://${address}/` : address;
}

/** Thirty tries, as the original's tests allow. */
async function pinged(from: Mesh, to: string): Promise<PingReply> {
  let reply = await from.ping(to);
  for (let tries = 1; reply.problem && tries < 30; tries++) {
    await sleep(100);
    reply = await from.ping(to);
  }
  return reply;
}

async function expectAllPingAll(all: readonly Mesh[]): Promise<void> {
  for (const from of all)
    for (const { nodeId } of all)
      expect(await pinged(from, nodeId)).toMatchObject({ from: nodeId, ms: expect.any(Number) });
}

async function traced(from: Mesh, to: string): Promise<PingReply[]> {
  const replies: PingReply[] = [];
  for await (const reply of from.traceroute(to)) replies.push(reply);
  return replies;
}

describe.each<Kind>(["memory", "tcp", "udp", "ws"])("over %s", (kind) => {
  test("1. a flat mesh of 16 nodes converges, and every node pings every other", async () => {
    const random = seededRandom(7);
    const all = Array.from({ length: 16 }, (_, number) => nodes.node(`node${number}`));
    for (const [number, node] of all.entries())
      for (const to of new Set([Math.floor(random() * number), Math.floor(random() * number)]))
        if (number > 0) await join(node, all[to] as Mesh, { cost: 1 }, { cost: 1 }, kind);
    await untilSo(() => all.every((node) => Object.keys(node.status().RoutingTable).length === 15));
    await expectAllPingAll(all);
    await untilSo(() => new Set(all.map((node) => sorted(node.status().KnownConnectionCosts))).size === 1);
  });

  test("2. traceroute in a tree from controller to node7 names controller, node5 and node7", async () => {
    const ids = ["controller", ...Array.from({ length: 12 }, (_, number) => `node${number + 1}`)];
    const tree = new Map(ids.map((id) => [id, nodes.node(id)]));
    const parents = { node5: "controller", node6: "controller", node7: "node5", node8: "node5", node9: "node6" };
    for (const [id, parent] of Object.entries(parents))
      await join(tree.get(id) as Mesh, tree.get(parent) as Mesh, { cost: 1 }, { cost: 1 }, kind);
    const controller = tree.get("controller") as Mesh;
    await untilSo(() => controller.hasRoute("node7"));
    await pinged(controller, "node7");
    const replies = await traced(controller, "node7");
    expect(replies.map(({ from }) => from)).toEqual(["controller", "node5", "node7"]);
    expect(replies.map(({ problem }) => problem?.text)).toEqual(["message expired", "message expired", undefined]);
  });

  test("3. closing a mesh frees every socket", async () => {
    const sockets = (): number =>
      process.getActiveResourcesInfo().filter((name) => /TCP|UDP|Server|Socket/.test(name)).length;
    const before = sockets();
    const own = new MemoryMesh();
    const all = Array.from({ length: 6 }, (_, number) => own.node(`node${number}`));
    for (const [number, node] of all.entries())
      if (number > 0) await join(node, all[number >> 1] as Mesh, { cost: 1 }, { cost: 1 }, kind);
    await untilSo(() => all.every((node) => Object.keys(node.status().RoutingTable).length === 5));
    await own[Symbol.asyncDispose]();
    await untilSo(() => sockets() <= before);
    expect(all.every((node) => node.status().Connections.length === 0)).toBe(true);
  });
});

describe("costs", () => {
  const listening = { cost: 4.5, nodeCosts: { node2: 2.6, node3: 3.2 } };

  test("4. that match at both ends connect, the listener's, and its own for single nodes", async () => {
    const all = ["node1", "node2", "node3", "node4"].map((id) => nodes.node(id)) as [Mesh, Mesh, Mesh, Mesh];
    for (const [node, cost] of [2.6, 3.2, 4.5].entries())
      await join(all[node + 1] as Mesh, all[0], { cost }, listening);
    await untilSo(() => all.every((node) => Object.keys(node.status().RoutingTable).length === 3));
    await expectAllPingAll(all);
    expect(all[0].status().KnownConnectionCosts["node1"]).toEqual({ node2: 2.6, node3: 3.2, node4: 4.5 });
    expect(all[3].status().KnownConnectionCosts["node2"]).toEqual({ node1: 2.6 });
  });

  test("4. that differ end the link", async () => {
    const lines: string[] = [];
    const [one, two] = [nodes.node("node1", { log: keptLog(lines) }), nodes.node("node2")];
    await join(two, one, { cost: 4.5 }, listening);
    await untilSo(() => lines.some((line) => line.includes("we disagree about the connection cost")));
    await untilSo(() => one.status().Connections.length === 0);
    expect(one.hasRoute("node2")).toBe(false);
  });
});

describe("two nodes with one id", () => {
  test("5. at one listener: the second is refused, and the log says why", async () => {
    const lines: string[] = [];
    const hub = nodes.node("hub", { log: keptLog(lines) });
    const [first, second] = [nodes.node("twin"), nodes.node("twin")];
    await join(first, hub);
    await untilSo(() => hub.status().Connections.length === 1);
    await join(second, hub);
    await untilSo(() => lines.some((line) => line.includes("connected using a node ID we are already connected to")));
    expect(await pinged(hub, "twin")).toMatchObject({ from: "twin" });
    expect(first.status().Connections).toEqual([{ NodeID: "hub", Cost: 1 }]);
    await untilSo(() => second.status().Connections.length === 0);
  });

  test("6. in a ring of four: the newer shuts itself down, and the older stays", async () => {
    const ring = ["node1", "node2", "node3", "node4"].map((id) => nodes.node(id));
    for (const [at, node] of ring.entries()) await join(node, ring[(at + 1) % 4] as Mesh);
    await untilSo(() => ring.every((node) => Object.keys(node.status().RoutingTable).length === 3));
    // The age of a node counts in whole seconds.
    await sleep(1_100);
    const lines: string[] = [];
    const newer = nodes.node("node1", { log: keptLog(lines) });
    await join(newer, ring[2] as Mesh);
    expect(await newer.closed).toMatchObject({ code: "DUPLICATE_NODE" });
    expect(lines.some((line) => line.includes("We are a duplicate node"))).toBe(true);
    await untilSo(() => ring.every((node) => Object.values(node.status().KnownConnectionCosts).every(isOfRing)));
    await untilSo(() => ring.every((node) => Object.keys(node.status().RoutingTable).length === 3));
    await expectAllPingAll(ring);
  });
});

describe("a firewall in the middle", () => {
  const rules = [
    { action: "accept", fromnode: "node2" },
    { action: "reject", tonode: "node3" },
    { action: "reject", tonode: "node1" },
  ];

  async function line() {
    const [one, two, three] = [nodes.node("node1"), nodes.node("node2", { firewallRules: rules }), nodes.node("node3")];
    await join(one, two);
    await join(two, three);
    await untilSo(() => one.hasRoute("node3") && three.hasRoute("node1"));
    return { one, two, three };
  }

  test("7. lets both ends ping it, and between them says exactly `blocked by firewall`", async () => {
    const { one, three } = await line();
    expect(await pinged(one, "node2")).toMatchObject({ from: "node2" });
    expect(await pinged(three, "node2")).toMatchObject({ from: "node2" });
    const blocked = { from: "node2", problem: { code: "BLOCKED", text: "blocked by firewall" } };
    expect(await one.ping("node3")).toMatchObject(blocked);
    expect(await three.ping("node1")).toMatchObject(blocked);
  });

  test("8. tells the sender of what it rejects, and delivers none of it; of what it accepts nothing is told", async () => {
    const { one, two, three } = await line();
    const received: string[] = [];
    const problems: string[] = [];
    const events = {
      received: (payload: Uint8Array) => void received.push(Buffer.from(payload).toString()),
      unreachable: ({ problem }: { problem: string }) => void problems.push(problem),
    };
    three.openDatagrams("sink", events);
    one.openDatagrams(undefined, events).send("node3", "sink", Buffer.from("rejected"));
    await untilSo(() => problems.length > 0);
    two.openDatagrams(undefined, events).send("node3", "sink", Buffer.from("accepted"));
    await untilSo(() => received.length > 0);
    expect(received).toEqual(["accepted"]);
    expect(problems).toEqual(["blocked by firewall"]);
  });
});

test("10. three linked nodes with three leaves each: all 144 pairs can ping", async () => {
  const backbone = ["b1", "b2", "b3"].map((id) => nodes.node(id)) as [Mesh, Mesh, Mesh];
  await join(backbone[0], backbone[1]);
  await join(backbone[1], backbone[2]);
  await join(backbone[2], backbone[0]);
  const leaves: Mesh[] = [];
  for (const middle of backbone)
    for (const letter of ["x", "y", "z"]) {
      const leaf = nodes.node(`${middle.nodeId}${letter}`);
      await join(leaf, middle);
      leaves.push(leaf);
    }
  await expectAllPingAll([...backbone, ...leaves]);
});

test("11. of two peers the listed one connects, and the other is turned away", async () => {
  const lines: string[] = [];
  const hub = nodes.node("hub", { log: keptLog(lines) });
  const [listed, unlisted] = [nodes.node("listed"), nodes.node("unlisted")];
  const terms = { cost: 1, allowedPeers: ["listed"] };
  await join(unlisted, hub, { cost: 1 }, terms);
  await join(listed, hub, { cost: 1 }, terms);
  expect(await pinged(hub, "listed")).toMatchObject({ from: "listed" });
  await untilSo(() => lines.some((line) => line.includes("node unlisted is not one of the allowed peers")));
  expect(hub.status().Connections).toEqual([{ NodeID: "listed", Cost: 1 }]);
});

describe("a mesh", () => {
  test("of one node shows itself and nobody", async () => {
    const alone = nodes.node("alone");
    expect(alone.status()).toEqual({
      Connections: [],
      RoutingTable: {},
      Advertisements: [],
      KnownConnectionCosts: {},
    });
    expect(await alone.ping("localhost")).toMatchObject({ from: "alone" });
    expect(alone.hasRoute("alone")).toBe(true);
    expect(alone.hasRoute("LocalHost")).toBe(true);
    expect(alone.hasRoute("nobody")).toBe(false);
  });

  test("of three shows three nodes, at each of them", async () => {
    const [a, b, c] = ["a", "b", "c"].map((id) => nodes.node(id)) as [Mesh, Mesh, Mesh];
    await join(a, b);
    await join(b, c, { cost: 2 });
    const costs = { a: { b: 1 }, b: { a: 1, c: 2 }, c: { b: 2 } };
    await untilSo(() => [a, b, c].every((node) => sorted(node.status().KnownConnectionCosts) === sorted(costs)));
    await untilSo(() => sorted({ all: a.status().RoutingTable }) === sorted({ all: { b: "b", c: "b" } }));
    expect(b.status().Connections).toEqual(
      expect.arrayContaining([
        { NodeID: "a", Cost: 1 },
        { NodeID: "c", Cost: 2 },
      ]),
    );
  });

  test("finds another way when a road is cut, and the better one when it is back", async () => {
    const [a, b, c] = ["a", "b", "c"].map((id) => nodes.node(id)) as [Mesh, Mesh, Mesh];
    const road = memoryRoad({ times: { firstMs: [20, 50], baseMs: 50, maxMs: 100 } });
    await c.addBackend(road.listener, { cost: 1 });
    await a.addBackend(road.dialer, { cost: 1 });
    await join(a, b);
    await join(b, c);
    await untilSo(() => a.status().RoutingTable["c"] === "c");
    road.cut();
    await untilSo(() => a.status().RoutingTable["c"] === "b" && c.status().RoutingTable["a"] === "b");
    expect(await pinged(a, "c")).toMatchObject({ from: "c" });
    road.heal();
    await untilSo(() => a.status().RoutingTable["c"] === "c");
  });

  test("tells a newcomer at once of every service there is, and all when one is gone", async () => {
    const ring = ["a", "b", "c"].map((id) => nodes.node(id)) as [Mesh, Mesh, Mesh];
    for (const [at, node] of ring.entries()) await join(node, ring[(at + 1) % 3] as Mesh);
    const nothing = { received: () => {}, unreachable: () => {} };
    const service = ring[0].openDatagrams("web", nothing, { tags: { kind: "test" } });
    const shown = (node: Mesh): boolean =>
      node.status().Advertisements.some(({ NodeID, Service }) => NodeID === "a" && Service === "web");
    await untilSo(() => ring.every(shown));
    const newcomer = nodes.node("newcomer");
    await join(newcomer, ring[2]);
    await untilSo(() => shown(newcomer));
    expect(newcomer.status().Advertisements).toMatchObject([
      { ConnType: 0, Tags: { kind: "test" }, WorkCommands: null },
    ]);
    service.close();
    await untilSo(() => [...ring, newcomer].every((node) => !shown(node)));
  });

  test("15. refuses service names that are too long, reserved or taken", () => {
    const node = nodes.node("node");
    const nothing = { received: () => {}, unreachable: () => {} };
    expect(() => node.openDatagrams("123456789", nothing)).toThrow("service name 123456789 too long");
    expect(() => node.openDatagrams("ping", nothing)).toThrow("service ping is already listening");
    node.openDatagrams("web", nothing, { tags: {} });
    expect(() => node.openDatagrams("web", nothing, { tags: {} })).toThrow("service web is already listening");
    expect(node.status().Advertisements).toHaveLength(1);
  });

  test("refuses firewall rules that are none", () => {
    expect(() => nodes.node("node", { firewallRules: [{ action: "perhaps" }] })).toThrow(
      expect.objectContaining({ code: "RULE_INVALID" }),
    );
  });

  test("that is closed says so once, without an error, however often it is closed", async () => {
    const node = nodes.node("node");
    await Promise.all([node.close(), node.close()]);
    expect(await node.closed).toBeUndefined();
  });
});

/** What a node of a ring says of itself: it has two neighbours. */
function isOfRing(costs: Readonly<Record<string, number>>): boolean {
  return Object.keys(costs).length === 2;
}

/** The same text for the same costs, in whatever order they are kept. */
function sorted(costs: Readonly<Record<string, Readonly<Record<string, number | string>>>>): string {
  const byName = (a: [string, unknown], b: [string, unknown]): number => (a[0] < b[0] ? -1 : 1);
  return JSON.stringify(
    Object.entries(costs)
      .sort(byName)
      .map(([id, each]) => [id, Object.entries(each).sort(byName)]),
  );
}
