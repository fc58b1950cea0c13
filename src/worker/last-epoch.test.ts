import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../../test/kit/temp-folder.ts";
import { LastEpoch } from "./last-epoch.ts";

async function openFile() {
  const folder = await tempFolder();
  const warnings: string[] = [];
  const keep = (line: string) => void warnings.push(line);
  const log = { debug: keep, info: keep, warn: keep, error: keep };
  const place = join(folder.path, ".farhand", "foo");
  const clock = { now: () => Date.UTC(2026, 0, 1) };
  return {
    last: new LastEpoch(folder.path, "foo", log, clock),
    warnings,
    place,
    path: join(place, "epoch"),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

test("what was written is read again, and there is nothing before", async () => {
  await using file = await openFile();
  expect(file.last.read()).toBeUndefined();
  file.last.write(29_021_265_349_194_838n);
  file.last.write(29_021_265_349_194_839n);
  expect(file.last.read()).toBe(29_021_265_349_194_839n);
  expect(readFileSync(file.path, "utf8")).toBe("29021265349194839\n");
  expect(file.warnings).toEqual([]);
});

test("the end of a start counts as its last word, unless the clock is behind its beginning", async () => {
  await using file = await openFile();
  const now = BigInt(Date.UTC(2026, 0, 1) / 1000) << 24n;
  file.last.end(now - 5n);
  expect(file.last.read()).toBe(now);
  file.last.end(now + 5n);
  expect(file.last.read()).toBe(now + 5n);
});

test.each(["", "12x", "-1", String(2n ** 63n), "9".repeat(25)])("what is no epoch is ignored: %j", async (text) => {
  await using file = await openFile();
  mkdirSync(file.place, { recursive: true });
  writeFileSync(file.path, text);
  expect(file.last.read()).toBeUndefined();
  expect(file.warnings).toEqual([`${file.path} holds no epoch, and is ignored`]);
  file.last.write(7n);
  expect(file.last.read()).toBe(7n);
});

test("a folder that cannot be written to is a warning and no more", async () => {
  await using file = await openFile();
  mkdirSync(join(file.place, ".."), { recursive: true });
  // A file where the folder should be: it stops root as well.
  writeFileSync(file.place, "");
  chmodSync(file.place, 0o600);
  file.last.write(7n);
  expect(file.warnings).toEqual([expect.stringContaining("the epoch of this start cannot be kept")]);
});
