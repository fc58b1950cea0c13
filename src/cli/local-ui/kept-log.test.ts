import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { keptLog, linesOf } from "./kept-log.ts";
import { LocalWorker } from "./local-worker.ts";

const line = (level: string, msg: string, more: object = {}): string =>
  `${JSON.stringify({ level, time: 1_700_000_000_000, msg, ...more })}\n`;

/** A worker of a session that does not run, and its log. */
async function stopped(home: string, text?: string): Promise<LocalWorker> {
  const worker = await LocalWorker.of({ session: true }, { XDG_STATE_HOME: home, XDG_RUNTIME_DIR: home });
  await mkdir(worker.places.state, { recursive: true });
  if (text !== undefined) await writeFile(join(worker.places.state, "worker.log"), text);
  return worker;
}

test("the log of a worker that does not run is read from its file, with levels as the live one has them", async () => {
  await using home = await tempFolder();
  const text = `${line("info", "it runs", { node: "a" })}${line("warning", "slow")}${line("error", "gone")}`;
  const { place, writtenAt, lines } = await keptLog(await stopped(home.path, text));
  expect(place).toMatch(/worker\.log$/);
  expect(writtenAt).toBeGreaterThan(1_700_000_000_000);
  const at = 1_700_000_000_000;
  expect(lines).toEqual([
    { n: 1, at, level: "info", message: "it runs", fields: { node: "a" } },
    { n: 2, at, level: "warn", message: "slow" },
    { n: 3, at, level: "error", message: "gone" },
  ]);
});

test("only its end is read, in whole lines", async () => {
  await using home = await tempFolder();
  const many = Array.from({ length: 5_000 }, (_, n) => line("info", `line ${n} ${"x".repeat(100)}`)).join("");
  const { lines } = await keptLog(await stopped(home.path, many));
  expect(lines).toHaveLength(500);
  expect(lines.at(-1)?.message).toMatch(/^line 4999 /);
  const long = await keptLog(await stopped(home.path, `${line("info", "x".repeat(300_000))}${line("info", "short")}`));
  expect(long.lines.map(({ message }) => message)).toEqual(["short"]);
});

test("what its program wrote as it crashed is told as it stands, bounded", () => {
  expect(linesOf(`Error: no\n\n    at x\n[1]\n{"msg":1}\n`).map(({ message }) => message)).toEqual([
    ...["Error: no", "    at x", "[1]", '{"msg":1}'],
  ]);
  expect(linesOf("y".repeat(9_000))[0]?.message).toHaveLength(4_096);
});

test("where there is none it says where one would be; that of a system worker is in the journal", async () => {
  await using home = await tempFolder();
  const { writtenAt, lines } = await keptLog(await stopped(home.path));
  expect([writtenAt, lines]).toEqual([undefined, []]);
  const system = await LocalWorker.of({ system: true }, {});
  expect(await keptLog(system)).toEqual({ place: "journalctl -u farhand-worker", lines: [] });
});
