import { expect, test } from "vitest";
import { WatchedChannels } from "./watched-channels.ts";

const why = { type: "about:blank", title: "Forbidden", status: 403, detail: "no", code: "LEVEL_TOO_LOW" };
const changed = (channel: string, position: string) => ({ kind: "changed", channel, position }) as const;

test("a channel is watched as long as some part of the page does, and goes on at its position after a cut", () => {
  const channels = new WatchedChannels();
  for (const channel of ["mesh", "mesh", "pending"]) channels.enter(channel);
  expect(channels.wish()).toEqual([{ channel: "mesh" }, { channel: "pending" }]);
  channels.take(changed("mesh", "s-4"));
  channels.leave("mesh");
  channels.leave("pending");
  expect(channels.wish()).toEqual([{ channel: "mesh", after: "s-4" }]);
});

test("one that is left and entered again before the server heard of that keeps what was told", () => {
  const channels = new WatchedChannels();
  channels.enter("mesh");
  channels.wish();
  channels.take(changed("mesh", "s-4"));
  channels.leave("mesh");
  channels.enter("mesh");
  channels.wish();
  expect(channels.view.get("mesh")).toEqual({ position: "s-4" });
});

test("of one that was left nothing is kept, nor what comes late", () => {
  const channels = new WatchedChannels();
  channels.enter("pending");
  channels.take({ kind: "told", channel: "pending", value: { items: [], more: 0 } });
  const { view } = channels;
  channels.leave("pending");
  expect(channels.wish()).toEqual([]);
  channels.take({ kind: "told", channel: "pending", value: { items: [], more: 1 } });
  expect([view.size, channels.view.size]).toEqual([1, 0]);
});

test("what was refused is left and wished for again, and shown as refused until there is another word", () => {
  const channels = new WatchedChannels();
  for (const channel of ["mesh", "pending"]) channels.enter(channel);
  expect(channels.isRefused).toBe(false);
  channels.take({ kind: "refused", channel: "pending", why });
  expect([channels.isRefused, channels.wishWithoutRefused()]).toEqual([true, [{ channel: "mesh" }]]);
  expect(channels.wish()).toEqual([{ channel: "mesh" }, { channel: "pending" }]);
  expect(channels.view.get("pending")).toEqual({ refused: why });
  channels.take({ kind: "told", channel: "pending", value: 1 });
  expect([channels.isRefused, channels.view.get("pending")]).toEqual([false, { value: 1 }]);
});

test("what was refused and is watched no more is not asked for again", () => {
  const channels = new WatchedChannels();
  channels.enter("pending");
  channels.take({ kind: "refused", channel: "pending", why });
  channels.leave("pending");
  expect(channels.isRefused).toBe(false);
});

test("a refusal takes the place of what was seen", () => {
  const channels = new WatchedChannels();
  channels.enter("mesh");
  channels.take(changed("mesh", "s-4"));
  channels.take({ kind: "refused", channel: "mesh", why });
  expect(channels.view.get("mesh")).toEqual({ refused: why });
  expect(channels.wish()).toEqual([{ channel: "mesh" }]);
});
