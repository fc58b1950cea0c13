import fc from "fast-check";
import { expect, test } from "vitest";
import { Captured } from "./captured.ts";

/** A capture of packets whose bytes are their number. */
function pcapOf(lengths: readonly number[]): Uint8Array {
  const head = [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 1, 0, 0, 0];
  const records = lengths.flatMap((length, number) => [
    ...[number, 0, 0, 0, 0, 0, 0, 0, length, 0, 0, 0, length, 0, 0, 0],
    ...Array.from({ length }, () => number),
  ]);
  return Uint8Array.from([...head, ...records]);
}

test("packet() gives the bytes of any packet, wherever the capture was cut on its way", () => {
  const lengths = fc.array(fc.nat(60), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(lengths, fc.integer({ min: 1, max: 50 }), (wanted, piece) => {
      const [file, captured] = [pcapOf(wanted), new Captured()];
      for (let at = 0; at < file.length; at += piece) captured.push(file.slice(at, at + piece));
      expect(captured.index.count).toBe(wanted.length);
      wanted.forEach((length, number) => {
        expect([...captured.packet(number).bytes]).toEqual(Array.from({ length }, () => number));
      });
    }),
  );
});
