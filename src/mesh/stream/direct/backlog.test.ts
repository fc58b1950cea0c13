import fc from "fast-check";
import { expect, test } from "vitest";
import { Backlog } from "./backlog.ts";

test("Backlog gives the bytes back in their order", () => {
  const step = fc.oneof(fc.constant("take" as const), fc.integer({ min: 1, max: 12_000 }));
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const backlog = new Backlog();
      const [added, taken]: [Buffer[], Buffer[]] = [[], []];
      let next = 0;
      const take = () => {
        const piece = backlog.take();
        // Nothing that comes later may change what was given out, so they are compared at the very end.
        if (piece) taken.push(piece);
        return piece !== undefined;
      };
      for (const each of steps) {
        if (each === "take") take();
        else {
          const piece = Buffer.alloc(each, next++);
          backlog.add(piece);
          added.push(piece);
        }
      }
      while (take());
      expect(backlog.isEmpty).toBe(true);
      expect(Buffer.concat(taken).equals(Buffer.concat(added))).toBe(true);
    }),
  );
});

test("Backlog holds tiny pieces of large messages in about as much memory as they have bytes", () => {
  const backlog = new Backlog();
  const message = Buffer.alloc(64 * 1024);
  for (let n = 0; n < 100_000; n++) backlog.add(message.subarray(n % 1000, (n % 1000) + 1));
  const held = new Map<ArrayBufferLike, number>();
  let pieces = 0;
  for (let piece = backlog.take(); piece; piece = backlog.take(), pieces++)
    held.set(piece.buffer, piece.buffer.byteLength);
  expect([...held.values()].reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(120_000);
  expect(pieces).toBeLessThan(40);
});
