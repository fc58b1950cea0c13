import { expect } from "vitest";
import { type End, eventually } from "./backend/conformance-link.ts";

/**
 * Send `count` messages from one end to the other while `meanwhile` does harm, and check that each arrives
 * once and in order. The next ones follow when the last have gone, so that harm meets all phases.
 */
export async function checkTraffic(from: End, to: End, count: number, meanwhile?: () => Promise<void>): Promise<void> {
  const before = to.messages.length;
  const harm = meanwhile?.();
  for (let index = 0; index < count; index++) {
    const message = Buffer.alloc(20 + (index % 7) * 400, index & 0xff);
    message.writeUInt32BE(index);
    from.session.send(message);
    if (index % 20 === 19) await new Promise((resolve) => setTimeout(resolve, 5));
    if (from.session.queuedBytes > 512 * 1024) await eventually(() => from.session.queuedBytes < 256 * 1024, "room");
  }
  await harm;
  await eventually(() => to.messages.length >= before + count || from.endings.length > 0, "all to arrive", 60_000);
  expect([...from.endings, ...to.endings]).toEqual([]);
  const numbers = to.messages.slice(before).map((message) => Buffer.from(message).readUInt32BE());
  expect(numbers).toEqual(Array.from({ length: count }, (_, index) => index));
}
