import { readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { pcapHeader, pcapRecord } from "./rebuilt-packet.ts";
import { storedPackets } from "./stored-capture.ts";

test("where there is no capture there are no packets", async () => {
  await using folder = await tempFolder();
  expect(await storedPackets(folder.path)).toBe(0);
  expect(await storedPackets(folder.file("nowhere"))).toBe(0);
});

test("a capture that was cut anywhere has the whole packets before the cut, and nothing else", async () => {
  await using folder = await tempFolder();
  const sizes = fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(sizes, fc.double({ min: 0, max: 1, noNaN: true }), async (each, share) => {
      const records = each.map((size, n) => pcapRecord(Buffer.alloc(size, n), n));
      const whole = Buffer.concat([pcapHeader(), ...records]);
      const cut = Math.floor(whole.length * share);
      writeFileSync(folder.file("output"), whole.subarray(0, cut));
      const ends = records.map((_, n) => Buffer.concat([pcapHeader(), ...records.slice(0, n + 1)]).length);
      const packets = ends.filter((end) => end <= cut).length;
      expect(await storedPackets(folder.path)).toBe(packets);
      const left = cut < 24 ? 0 : (ends[packets - 1] ?? 24);
      expect(readFileSync(folder.file("output")).equals(whole.subarray(0, left))).toBe(true);
    }),
    { numRuns: 50 },
  );
});
