import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { type TempFolder, tempFolder } from "../../test/kit/temp-folder.ts";
import { openLogFile } from "./log-file.ts";

const at = (): Date => new Date(2026, 1, 3, 4, 5, 6, 7);
const settings = (folder: TempFolder) =>
  ({ file: folder.file("m.log"), level: "info", maxSize: 0, rotations: 3 }) as const;

test("a line is the original's, and one line whatever is said (§4)", async () => {
  await using folder = await tempFolder();
  const log = openLogFile(settings(folder), at);
  log.debug("not this");
  log.info("two\nlines\u001b[31m", { error: new Error("why") });
  log.warn("careful");
  log.critical("x".repeat(5_000));
  log.close();
  const lines = readFileSync(folder.file("m.log"), "utf8").split("\n");
  expect(lines.slice(0, 2)).toEqual([
    "[2026-02-03 04:05:06,007] [recodex-monitor] [INFO] two\\x0alines\\x1b[31m error=why",
    "[2026-02-03 04:05:06,007] [recodex-monitor] [WARNING] careful",
  ]);
  expect(lines[2]).toHaveLength("[2026-02-03 04:05:06,007] [recodex-monitor] [CRITICAL] ".length + 2_000);
});

test("files are rotated before a line makes one too long, and only so many are kept", async () => {
  await using folder = await tempFolder();
  const log = openLogFile({ ...settings(folder), maxSize: 200, rotations: 2 }, at);
  for (let n = 0; n < 12; n++) {
    log.info(`line ${n}`);
    if (n % 5 === 0) await setImmediate();
  }
  log.close();
  expect(readdirSync(folder.path).sort()).toEqual(["m.log", "m.log.1", "m.log.2"]);
  const numbers = ["m.log.2", "m.log.1", "m.log"].flatMap((name) =>
    [...readFileSync(folder.file(name), "utf8").matchAll(/line (\d+)/g)].map(([, n]) => Number(n)),
  );
  expect(numbers).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11]);
  const again = openLogFile({ ...settings(folder), maxSize: 200, rotations: 2 }, at);
  again.info("line 12");
  again.close();
  expect(readFileSync(folder.file("m.log"), "utf8")).toMatch(/line 11\n.*line 12\n$/);
});

test("with no rotations, or no limit, there is one file", async () => {
  await using folder = await tempFolder();
  const log = openLogFile({ ...settings(folder), maxSize: 10, rotations: 0 }, at);
  for (let n = 0; n < 5; n++) log.info("line");
  log.close();
  expect(existsSync(folder.file("m.log.1"))).toBe(false);
});

test("a folder that is missing, a folder, or a link somebody left is no place for it", async () => {
  await using folder = await tempFolder();
  writeFileSync(folder.file("other"), "");
  symlinkSync(folder.file("other"), folder.file("link"));
  for (const file of [folder.file("none/m.log"), folder.path, folder.file("link")])
    expect(() => openLogFile({ ...settings(folder), file })).toThrow(/^logger\.file: /);
});
