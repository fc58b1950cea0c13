import { describe, expect, test } from "vitest";
import { nodeHash } from "./node-hash.ts";
import { isNodeId, NodeNames } from "./node-names.ts";

const inMessage = (hash: string): Uint8Array => Buffer.from(`ff${hash}`, "hex");

test("nodeHash() is 16 hex digits, also of a name asked twice", () => {
  for (const _ of [1, 2]) expect(nodeHash("node1")).toBe("61052d2b582eb15e");
  for (let index = 0; index < 5000; index++) nodeHash(`n${index}`);
  expect(nodeHash("node1")).toBe("61052d2b582eb15e");
});

describe("NodeNames", () => {
  test("finds a learnt name by its hash and by the bytes of a message", () => {
    const names = new NodeNames();
    expect(names.nameOf(nodeHash("node2"))).toBeUndefined();
    expect(names.learn("node2")).toBe(true);
    expect(names.nameOf(nodeHash("node2"))).toBe("node2");
    expect(names.nameAt(inMessage(nodeHash("node2")), 1)).toBe("node2");
    expect(names.nameAt(inMessage(nodeHash("node3")), 1)).toBeUndefined();
    expect(names.nameAt(new Uint8Array(3), 1)).toBeUndefined();
  });

  test("counts a name once, and forgets it", () => {
    const names = new NodeNames();
    expect([names.learn("a"), names.learn("a"), names.size]).toEqual([true, true, 1]);
    names.forget("b");
    names.forget("a");
    expect([names.nameOf(nodeHash("a")), names.size]).toEqual([undefined, 0]);
  });

  test("takes no more names than it may", () => {
    const names = new NodeNames(2);
    expect(["a", "b", "c", "a"].map((name) => names.learn(name))).toEqual([true, true, false, true]);
    names.forget("a");
    expect(names.learn("c")).toBe(true);
  });

  test("names that are only used take no room from nodes that are there, and go when others are used", () => {
    const names = new NodeNames(2, 3);
    names.learn("own");
    for (const used of ["a", "b", "c", "a", "d"]) expect(names.learnForNow(used)).toBe(true);
    // "b" is the one that was not used for longest.
    expect(["own", "a", "b", "c", "d"].map((name) => names.nameOf(nodeHash(name)))).toEqual([
      ...["own", "a", undefined, "c", "d"],
    ]);
    expect(names.learn("there")).toBe(true);
    expect(names.learn("one too many")).toBe(false);
    for (let n = 0; n < 100; n++) names.learnForNow(`x${n}`);
    expect(["own", "there"].map((name) => names.nameOf(nodeHash(name)))).toEqual(["own", "there"]);
    expect(names.size).toBe(5);
  });

  test("a name that was used and turns out to be there stays", () => {
    const names = new NodeNames(10, 1);
    names.learnForNow("a");
    names.learn("a");
    names.learnForNow("b");
    names.learnForNow("a");
    expect(["a", "b"].map((name) => names.nameOf(nodeHash(name)))).toEqual(["a", "b"]);
  });

  test("takes no name that is empty or longer than 255 bytes", () => {
    const names = new NodeNames();
    expect(["", "n".repeat(256), "é".repeat(128)].map((name) => names.learn(name))).toEqual([false, false, false]);
    expect(["n".repeat(255), "é".repeat(127)].every(isNodeId)).toBe(true);
  });

  // The low words of these two hashes are equal; found by search.
  test("tells names apart whose hashes are equal in one half", () => {
    const [one, other] = ["n34236", "n50705"];
    expect(nodeHash(one).slice(8)).toBe(nodeHash(other).slice(8));
    const names = new NodeNames();
    names.learn(one);
    names.learn(other);
    expect([names.nameOf(nodeHash(one)), names.nameOf(nodeHash(other)), names.size]).toEqual([one, other, 2]);
    names.forget(one);
    expect([names.nameOf(nodeHash(one)), names.nameOf(nodeHash(other)), names.size]).toEqual([undefined, other, 1]);
  });
});
