import { describe, expect, test } from "vitest";
import type { Road } from "../routing/link.ts";
import { decodeIntroduction, Introductions } from "./introductions.ts";

function hub(isReliable = true) {
  const clock = { now: 0, elapsed: () => clock.now };
  const sent: Uint8Array[] = [];
  const road = { isReliable, send: (message) => void sent.push(message) } as Road;
  const told = () => sent.splice(0).map(decodeIntroduction);
  return { clock, road, told, introductions: new Introductions(clock) };
}

describe("a stub is told who sends it datagrams", () => {
  test("once for each node, and again after a minute", () => {
    const { clock, road, told, introductions } = hub();
    for (const node of ["foo", "bar", "foo", "bar", "żółw"]) introductions.introduce(road, node);
    expect(told()).toEqual(["foo", "bar", "żółw"]);
    clock.now = 59_999;
    introductions.introduce(road, "foo");
    expect(told()).toEqual([]);
    clock.now = 60_000;
    introductions.introduce(road, "foo");
    expect(told()).toEqual(["foo"]);
  });

  test("after a second already where messages can be lost", () => {
    const { clock, road, told, introductions } = hub(false);
    introductions.introduce(road, "foo");
    clock.now = 1_000;
    introductions.introduce(road, "foo");
    expect(told()).toEqual(["foo", "foo"]);
  });

  test("each stub for itself, and whatever others invent, with little memory", () => {
    const { road, told, introductions } = hub();
    const second = hub();
    introductions.introduce(road, "foo");
    introductions.introduce(second.road, "foo");
    expect([told(), second.told()]).toEqual([["foo"], ["foo"]]);
    for (let count = 0; count < 300; count++) introductions.introduce(road, `node${count}`);
    expect(told()).toHaveLength(300);
    introductions.introduce(road, "foo");
    expect(told()).toEqual(["foo"]);
  });
});

test.each([
  ["nothing", ""],
  ["another type", "12666f6f"],
  ["no name", "13"],
  ["no UTF-8", "13ff"],
  ["a name that is too long", `13${"61".repeat(256)}`],
])("an introduction of %s is none", (_what, hex) => {
  expect(decodeIntroduction(Buffer.from(hex, "hex"))).toBeUndefined();
});

test("an introduction is its type and the name", () => {
  expect(decodeIntroduction(Buffer.from("13666f6f", "hex"))).toBe("foo");
});
