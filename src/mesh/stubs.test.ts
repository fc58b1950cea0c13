import type { Duplex } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MemoryMesh, type MemoryNodeOptions, untilSo } from "../../test/kit/memory-mesh.ts";
import { introductionType } from "./datagram/introductions.ts";
import { messageType } from "./packet/message-types.ts";
import { decodeRoutingUpdate } from "./packet/routing-update.ts";
import { neighbourMessageType } from "./routing/neighbour-messages.ts";
import type { Mesh } from "./mesh.ts";

/** Offer a service that says who asked, and then says everything back. */
function offerEcho(mesh: Mesh, service = "echo"): void {
  mesh.listen(service, {
    tags: { of: mesh.nodeId },
    accept: (stream) => {
      stream.write(`${stream.remoteNode} `);
      void pipeline(stream, stream).catch(() => {});
    },
  });
}

async function said(stream: Duplex, text: string): Promise<string> {
  stream.end(text);
  return (await buffer(stream)).toString();
}

const adsOf = (mesh: Mesh, node: string) => mesh.status().Advertisements.filter(({ NodeID }) => NodeID === node);

/** `far` – `hub`, and at the hub `leaf` and `other`, which are stubs. */
async function hubWithStubs(leafOptions: MemoryNodeOptions, hubOptions: MemoryNodeOptions = {}) {
  const nodes = new MemoryMesh();
  const [hub, far] = [nodes.node("hub", hubOptions), nodes.node("far")];
  const [leaf, other] = [
    nodes.node("leaf", { isStub: true, ...leafOptions }),
    nodes.node("other", { isStub: true, hasQuic: false }),
  ];
  for (const mesh of [hub, far, leaf, other]) offerEcho(mesh);
  const farCable = await nodes.join(far, hub);
  const leafCable = await nodes.join(leaf, hub);
  await nodes.join(other, hub);
  await untilSo(() => adsOf(far, "leaf").length === 1);
  await untilSo(() => far.hasRoute("leaf") && far.hasRoute("other") && leaf.hasRoute("hub") && hub.hasRoute("far"));
  return { nodes, hub, far, leaf, other, farCable, leafCable };
}

describe.each([
  ["with QUIC", true],
  ["without QUIC", false],
])("a stub %s behind a hub", (_name, hasQuic) => {
  let net: Awaited<ReturnType<typeof hubWithStubs>>;
  beforeAll(async () => {
    net = await hubWithStubs({ hasQuic });
  });
  afterAll(() => net?.nodes[Symbol.asyncDispose]());

  test.each([
    ["hub", "leaf"],
    ["far", "leaf"],
    ["other", "leaf"],
    ["leaf", "hub"],
    ["leaf", "far"],
    ["leaf", "other"],
    ["other", "far"],
  ] as const)("speaks by streams: %s to %s, and the far end knows who asks", async (from, to) => {
    const text = "hello ".repeat(100_000);
    expect(await said(await net[from].dial(to, "echo"), text)).toBe(`${from} ${text}`);
  });

  test.each([
    ["hub", "leaf", ["hub", "leaf"]],
    ["far", "leaf", ["far", "hub", "leaf"]],
    ["leaf", "far", ["leaf", "hub", "far"]],
    ["leaf", "other", ["leaf", "hub", "other"]],
  ] as const)("pings and traces: %s to %s", async (from, to, hops) => {
    expect(await net[from].ping(to)).toMatchObject({ from: to });
    const replies = [];
    for await (const reply of net[from].traceroute(to)) replies.push(reply.from);
    expect(replies).toEqual(hops);
  });

  test("is in the status of everybody", () => {
    const { hub, far, leaf } = net;
    expect(hub.status().Connections.map(({ NodeID }) => NodeID)).toEqual(["far", "leaf", "other"]);
    expect(hub.status().RoutingTable).toEqual({ far: "far", leaf: "leaf", other: "other" });
    expect(far.status().RoutingTable).toEqual({ hub: "hub", leaf: "hub", other: "hub" });
    expect(far.status().KnownConnectionCosts).toMatchObject({ hub: { far: 1, leaf: 1, other: 1 }, leaf: { hub: 1 } });
    expect(leaf.status()).toMatchObject({ Connections: [{ NodeID: "hub", Cost: 1 }], RoutingTable: { hub: "hub" } });
    expect(adsOf(hub, "leaf")).toMatchObject([{ Service: "echo", ConnType: 1, Tags: { of: "leaf" } }]);
    expect(adsOf(far, "leaf")).toEqual(adsOf(hub, "leaf"));
  });

  test("hears of what it asks for, and nothing is flooded to it", async () => {
    const { hub, far, leafCable } = net;
    offerEcho(far, "news");
    await untilSo(() => adsOf(hub, "far").length === 2);
    const { routing, data, direct } = messageType;
    const { alive } = neighbourMessageType;
    const asked = new Set<number | undefined>([data, direct, introductionType]);
    const unasked = leafCable.sent.filter(([type]) => !asked.has(type));
    expect(unasked.filter(([type]) => type !== alive && type !== routing)).toEqual([]);
    // The hub says who it is; the memory of the road keeps that until the stub is there, so it may say so twice.
    const updates = unasked.filter(([type]) => type === routing).map((message) => decodeRoutingUpdate(message));
    expect(new Set(updates.map(({ nodeId }) => nodeId))).toEqual(new Set(["hub"]));
    expect(updates.length).toBeLessThanOrEqual(2);
  });

  test("takes streams that name no service it has as what they are", async () => {
    const unknown = { code: "SERVICE_UNKNOWN" };
    await expect(net.hub.dial("leaf", "nothing")).rejects.toMatchObject(unknown);
    await expect(net.far.dial("leaf", "nothing")).rejects.toMatchObject(unknown);
    await expect(net.leaf.dial("far", "nothing")).rejects.toMatchObject(unknown);
    await expect(net.leaf.dial("other", "nothing")).rejects.toMatchObject(unknown);
  });

  test("answers QUIC itself if it can; else it sees no datagram of it, for its hub does", async () => {
    const dataBefore = net.leafCable.sent.filter((message) => message[0] === messageType.data).length;
    await said(await net.far.dial("leaf", "echo"), "x");
    const data = net.leafCable.sent.filter((message) => message[0] === messageType.data).length - dataBefore;
    if (hasQuic) expect(data).toBeGreaterThan(2);
    else expect(data).toBe(0);
  });
});

test("a stub whose road is not reliable speaks QUIC with everybody, also with a stub that has none", async () => {
  await using nodes = new MemoryMesh();
  const hub = nodes.node("hub");
  const [shaky, plain] = [nodes.node("shaky", { isStub: true }), nodes.node("plain", { isStub: true, hasQuic: false })];
  for (const mesh of [hub, shaky, plain]) offerEcho(mesh);
  const cable = await nodes.join(shaky, hub, { faults: { duplicate: 0.05 } });
  await nodes.join(plain, hub);
  const all = [hub, shaky, plain] as const;
  await untilSo(() => hub.status().Advertisements.length === all.length);
  for (const from of all)
    for (const to of all)
      if (from !== to) expect(await said(await from.dial(to.nodeId, "echo"), "hi")).toBe(`${from.nodeId} hi`);
  expect(cable.sent.some(([type]) => type === messageType.direct)).toBe(false);
});
