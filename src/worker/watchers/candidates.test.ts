import { expect, test } from "vitest";
import { Candidates } from "./candidates.ts";
import { isSameFile } from "./file-version.ts";

const version = (stamp: string, dev = "1") => ({ dev, stamp });
const settled = (candidates: Candidates, now: number) => [...candidates.settled(now)].map(({ file }) => file);

test("a file settles when looks have shown it unchanged for so long", () => {
  const candidates = new Candidates(100);
  candidates.see("a", version("1.1.1"), { now: 0, number: 1 });
  candidates.see("b", version("2.1.1"), { now: 0, number: 1 });
  candidates.see("a", version("1.2.9"), { now: 60, number: 2 });
  candidates.see("b", version("2.1.1"), { now: 60, number: 2 });
  expect(candidates.nextInMs(60)).toBe(40);
  expect(settled(candidates, 100)).toEqual(["b"]);
  expect(settled(candidates, 160)).toEqual(["a", "b"]);
  expect(candidates.nextInMs(160)).toBeUndefined();
});

test("what a look does not show is dropped, unless its folder could not be seen", () => {
  const candidates = new Candidates(0);
  candidates.see("a", version("1.1.1"), { now: 0, number: 1 });
  candidates.see("dark/b", version("1.1.1"), { now: 0, number: 1 });
  candidates.dropUnseen(2, (file) => file.startsWith("dark/"));
  expect(settled(candidates, 0)).toEqual(["dark/b"]);
});

test("isSameFile(): over another device the inode says nothing", () => {
  expect(isSameFile(version("1.5.5"), version("1.5.5"))).toBe(true);
  expect(isSameFile(version("1.5.5"), version("2.5.5"))).toBe(false);
  expect(isSameFile(version("1.5.5"), version("2.5.5", "9"))).toBe(true);
  expect(isSameFile(version("1.5.5"), version("1.6.5", "9"))).toBe(false);
});
