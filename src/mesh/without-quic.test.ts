import { buffer } from "node:stream/consumers";
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
  await untilSo(() => left.hasRoute("right") && right.hasRoute("left"));
  await expect(left.dial("right", "hello")).rejects.toMatchObject({
    code: "QUIC_UNAVAILABLE",
    message: "node right has no QUIC engine and is neither neighbour nor stub",
  });
  await expect(right.dial("left", "hello")).rejects.toMatchObject({ code: "QUIC_UNAVAILABLE" });
  expect(await left.ping("right")).toMatchObject({ from: "right" });
});
