import { once } from "node:events";
import { buffer, text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { silentLog } from "#core";
import { MemoryMesh, untilSo } from "../../test/kit/memory-mesh.ts";
import { messageType } from "./packet/message-types.ts";
import type { Mesh } from "./mesh.ts";

function offer(mesh: Mesh): void {
  mesh.listen("hello", { accept: (stream) => void stream.end(`I am ${mesh.nodeId}`) });
}

const greeting = async (from: Mesh, to: string) => {
  const stream = await from.dial(to, "hello");
  return (await buffer(stream.end())).toString();
};

describe.each([
  ["both have it", true, true],
  ["the one that listens has none", false, true],
  ["the one that dials has none", true, false],
  ["neither has it", false, false],
])("two neighbours and QUIC: %s", (_what, listenerHas, dialerHas) => {
  test("speak by streams: QUIC if both can, direct ones if not", async () => {
    await using nodes = new MemoryMesh();
    const warnings: string[] = [];
    const log = { ...silentLog, warn: (message: string) => void warnings.push(message) };
    const left = nodes.node("left", { hasQuic: listenerHas });
    const right = nodes.node("right", { hasQuic: dialerHas, log });
    const cable = await nodes.join(right, left);
    for (const node of [left, right]) offer(node);
    await untilSo(() => left.hasRoute("right") && right.hasRoute("left"));
    expect(await greeting(left, "right")).toBe("I am right");
    expect(await greeting(right, "left")).toBe("I am left");
    const isDirect = cable.sent.some(([type]) => type === messageType.direct);
    expect(isDirect).toBe(!(listenerHas && dialerHas));
    expect(warnings.filter((line) => line.includes("no QUIC engine"))).toHaveLength(dialerHas ? 0 : 1);
  });
});

test("a node without QUIC that is neither neighbour nor stub is said to be out of reach at once", async () => {
  await using nodes = new MemoryMesh();
  const [left, middle] = [nodes.node("left"), nodes.node("middle")];
  const right = nodes.node("right", { hasQuic: false });
  for (const node of [left, right]) offer(node);
  await nodes.join(left, middle);
  await nodes.join(right, middle);
  // A route may stand before the node at its end has said what it is.
  const hasHeard = (node: Mesh, other: string): boolean =>
    node.hasRoute(other) && Object.hasOwn(node.status().KnownConnectionCosts, other);
  await untilSo(() => hasHeard(left, "right") && hasHeard(right, "left"));
  await expect(left.dial("right", "hello")).rejects.toMatchObject({
    code: "QUIC_UNAVAILABLE",
    message: "node right has no QUIC engine and is neither neighbour nor stub",
  });
  await expect(right.dial("left", "hello")).rejects.toMatchObject({ code: "QUIC_UNAVAILABLE" });
  expect(await left.ping("right")).toMatchObject({ from: "right" });
});

describe.each([
  ["with QUIC", true],
  ["without QUIC", false],
])("a node %s", (_what, hasQuic) => {
  test.each(["me", "localhost"])("speaks by streams to its own services, as %s", async (name) => {
    await using nodes = new MemoryMesh();
    const me = nodes.node("me", { hasQuic });
    me.listen("echo", { accept: (stream) => void stream.pipe(stream) });
    const stream = await me.dial(name, "echo");
    expect([stream.remoteNode, stream.remoteService]).toEqual(["me", "echo"]);
    expect(await text(stream.end("half-closed, and read on"))).toBe("half-closed, and read on");
  });

  test("says which of its services there are not, and which its firewall keeps to itself", async () => {
    await using nodes = new MemoryMesh();
    const firewallRules = [{ action: "reject", tonode: "me", toservice: "shut" }];
    const me = nodes.node("me", { hasQuic, firewallRules });
    me.listen("shut", { accept: (stream) => void stream.end() });
    const unknown = { code: "SERVICE_UNKNOWN", message: "service unknown: me:nosuch" };
    await expect(me.dial("me", "nosuch")).rejects.toMatchObject(unknown);
    await expect(me.dial("me", "shut")).rejects.toMatchObject({ code: "BLOCKED" });
    const reason = new Error("user cancelled");
    await expect(me.dial("me", "nosuch", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test("ends streams to itself when their service closes, or the node", async () => {
    await using nodes = new MemoryMesh();
    const me = nodes.node("me", { hasQuic });
    const services = ["one", "two"].map((name) => me.listen(name, { accept: (stream) => void stream.resume() }));
    const [one, two] = await Promise.all(["one", "two"].map((name) => me.dial("me", name)));
    const first = once(one!, "error");
    await services[0]!.close();
    expect((await first)[0]).toMatchObject({ code: "MESH_CLOSED" });
    expect(two!.destroyed).toBe(false);
    const second = once(two!, "error");
    await me.close();
    expect((await second)[0]).toMatchObject({ code: "MESH_CLOSED" });
    await expect(me.dial("me", "two")).rejects.toMatchObject({ code: "MESH_CLOSED" });
  });
});
