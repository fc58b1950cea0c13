import { expect, test } from "vitest";
import { Gate } from "./gate.ts";

const gate = () => new Gate({ atOnce: 1, waiting: 2, full: () => new Error("full") });

test("those who wait come in one after the other, in their order, also after a failure", async () => {
  const one = gate();
  const seen: number[] = [];
  const enter = (n: number) =>
    one.run(async () => {
      await Promise.resolve();
      seen.push(n);
      if (n === 1) throw new Error("inside");
    });
  const all = await Promise.allSettled([enter(1), enter(2), enter(3), enter(4)]);
  expect(all.map((result) => (result.status === "rejected" ? String(result.reason) : "in"))).toEqual([
    "Error: inside",
    "in",
    "in",
    "Error: full",
  ]);
  expect(seen).toEqual([1, 2, 3]);
});

test("who gives up while waiting makes room for another", async () => {
  const one = gate();
  const { resolve, promise } = opened();
  const first = one.run(() => promise);
  const leaving = new AbortController();
  const second = one.run(() => Promise.resolve("second"), leaving.signal);
  const third = one.run(() => Promise.resolve("third"));
  leaving.abort(new Error("gone"));
  await expect(second).rejects.toThrow("gone");
  const fourth = one.run(() => Promise.resolve("fourth"));
  resolve();
  expect(await Promise.all([first, third, fourth])).toEqual([undefined, "third", "fourth"]);
  await expect(one.run(() => Promise.resolve(), leaving.signal)).rejects.toThrow("gone");
});

function opened(): { resolve: () => void; promise: Promise<void> } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => void (resolve = done));
  return { resolve: () => resolve(), promise };
}
