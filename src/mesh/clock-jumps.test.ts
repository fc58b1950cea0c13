import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { silentLog } from "#core";
import { MemoryMesh, untilSo } from "../../test/kit/memory-mesh.ts";
import type { Mesh } from "./mesh.ts";
import { systemEnvironment } from "./routing/environment.ts";

const hour = 3_600_000;
const day = 24 * hour;

/** A wall clock that can be set. Everything else goes on as it does. */
function wallClock(offset = 0) {
  const clock = { offset, environment: { ...systemEnvironment, now: () => Date.now() + clock.offset } };
  return clock;
}

const hello = (mesh: Mesh, tags: Record<string, string> = {}) =>
  mesh.listen("hello", { accept: (stream) => void stream.end(`I am ${mesh.nodeId}`), tags });

const tagOf = (mesh: Mesh, node: string) =>
  mesh.status().Advertisements.find(({ NodeID }) => NodeID === node)?.Tags?.["is"];

describe.each([
  ["days", 3 * day],
  ["hours", 5 * hour],
])("a node whose clock is set back by %s, and which is then started anew,", (_what, back) => {
  test.each([
    ["and knows its last epoch", true],
    ["and knows nothing of before, but its neighbours do", false],
  ])("is believed again: %s", async (_how, knowsLast) => {
    await using nodes = new MemoryMesh();
    const [left, middle] = [nodes.node("left"), nodes.node("middle")];
    await nodes.join(left, middle);
    const before = nodes.node("mover");
    await nodes.join(before, middle);
    hello(before, { is: "before" });
    await untilSo(() => left.hasRoute("mover") && tagOf(left, "mover") === "before");
    await before.close();
    await untilSo(() => !left.hasRoute("mover"));

    const { environment } = wallClock(-back);
    const lines: string[] = [];
    const log = { ...silentLog, error: (line: string) => void lines.push(line) };
    const mover = nodes.node("mover", { environment, log, ...(knowsLast && { lastEpoch: before.epoch }) });
    if (knowsLast) expect(mover.epoch).toBeGreaterThan(before.epoch);
    else expect(mover.epoch).toBeLessThan(before.epoch);
    const leaf = nodes.node("leaf");
    hello(leaf);
    hello(mover, { is: "behind" });
    await nodes.join(mover, middle);
    // That the leaf is behind it others can learn only from the node itself.
    await nodes.join(leaf, mover);
    await untilSo(() => left.hasRoute("leaf"));
    expect(await text((await left.dial("leaf", "hello")).end())).toBe("I am leaf");
    await untilSo(() => tagOf(left, "mover") === "behind");
    expect(lines).toEqual([]);
  });
});

describe.each([
  ["forward by days", 4 * day],
  ["forward by years", 4_000 * day],
  ["back by hours", -7 * hour],
  ["back by days", -4 * day],
])("when the clock of a node that runs jumps %s", (_what, jump) => {
  test("its link stays, it is reached, and what it tells of its services is news", async () => {
    await using nodes = new MemoryMesh();
    const clock = wallClock();
    const near = nodes.node("near");
    const jumper = nodes.node("jumper", { environment: clock.environment });
    await nodes.join(jumper, near);
    hello(jumper, { is: "before" });
    hello(near);
    await untilSo(() => tagOf(near, "jumper") === "before");
    let downs = 0;
    const watch = setInterval(() => void (downs += near.hasRoute("jumper") ? 0 : 1), 5);
    const stream = await near.dial("jumper", "hello");

    clock.offset = jump;
    jumper.tag("hello", { is: "behind" });
    await untilSo(() => tagOf(near, "jumper") === "behind");
    clock.offset = 0;
    jumper.tag("hello", { is: "back again" });
    await untilSo(() => tagOf(near, "jumper") === "back again");
    // Longer than the time between two looks for links over which nothing comes.
    await sleep(6_000);
    clearInterval(watch);
    expect(downs).toBe(0);
    expect(await text(stream.end())).toBe("I am jumper");
    expect(await text((await jumper.dial("near", "hello")).end())).toBe("I am near");
    expect((await jumper.ping("near")).from).toBe("near");
  });
});
