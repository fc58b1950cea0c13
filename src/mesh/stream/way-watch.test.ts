import { describe, expect, test } from "vitest";
import { TurnedClock } from "../../../test/kit/turned-clock.ts";
import type { Link } from "../routing/link.ts";
import { WayWatch } from "./way-watch.ts";

/** A watch over connections whose ways the test decides. */
function openWatch() {
  const clock = new TurnedClock();
  const ways = new Map<string, { link: Link; nodes: string }>();
  const connections = new Map<string, { sayAgain: () => void }[]>();
  const told: string[] = [];
  const watch = new WayWatch({
    environment: clock,
    nextHop: (node) => ways.get(node)?.link,
    wayTo: (node) => ways.get(node)?.nodes,
    nodes: () => connections.keys(),
    connectionsTo: (node) => connections.get(node) ?? [],
  });
  const connect = (node: string, count = 1): void => {
    connections.set(
      node,
      Array.from({ length: count }, () => ({ sayAgain: () => void told.push(node) })),
    );
  };
  return { clock, ways, connections, told, watch, connect };
}

// A watch never looks into a link: which one it is, is all.
const link = () => ({}) as Link;

describe("connections are told when the way to their far end", () => {
  function settled() {
    const all = openWatch();
    for (const node of ["far", "other"]) {
      all.connect(node);
      all.ways.set(node, { link: link(), nodes: node });
    }
    all.watch.changed();
    all.clock.pass(10_000);
    all.told.length = 0;
    return all;
  }
  const known = { link: link(), nodes: "far" };

  test.each([
    ["begins with another link", { ...known, link: link() }, { ...known, link: link() }],
    ["leads over other nodes", known, { ...known, nodes: "around" }],
    ["is there again", undefined, known],
  ])("%s, and no others", (_what, before, after) => {
    const { clock, ways, told, watch } = settled();
    if (before) ways.set("far", before);
    else ways.delete("far");
    watch.changed();
    clock.pass(10_000);
    told.length = 0;
    ways.set("far", after);
    watch.changed();
    clock.pass(10_000);
    expect(told).toEqual(["far"]);
  });

  test("not when it stays, nor when there is none", () => {
    const { clock, ways, told, watch } = settled();
    ways.delete("other");
    watch.changed();
    clock.pass(10_000);
    expect(told).toEqual([]);
  });
});

test("ways are looked at once for all that changes in a tenth of a second, and less often while it goes on", () => {
  const { clock, ways, connect, told, watch } = openWatch();
  connect("far");
  for (let ms = 0; ms < 60_000; ms += 10) {
    ways.set("far", { link: link(), nodes: "far" });
    watch.changed();
    clock.pass(10);
  }
  expect(told.length).toBeGreaterThan(55);
  expect(told.length).toBeLessThan(75);
});

test("what changes just before the look is looked at once more", () => {
  const { clock, ways, connect, told, watch } = openWatch();
  connect("far");
  watch.changed();
  clock.pass(99);
  // The routes that are looked at may be some that were found before this.
  watch.changed();
  clock.pass(1);
  ways.set("far", { link: link(), nodes: "far" });
  clock.pass(100);
  expect(told).toEqual(["far"]);
});

test("a thousand connections are told fifty at a time", () => {
  const { clock, ways, connections, connect, told, watch } = openWatch();
  for (let node = 0; node < 100; node++) {
    connect(`n${node}`, 10);
    ways.set(`n${node}`, { link: link(), nodes: "" });
  }
  watch.changed();
  clock.pass(100);
  expect(told).toHaveLength(50);
  clock.pass(20);
  expect(told).toHaveLength(100);
  clock.pass(20 * 18);
  expect(told).toHaveLength(1_000);
  for (const [node, all] of connections) expect(told.filter((each) => each === node)).toHaveLength(all.length);
});
