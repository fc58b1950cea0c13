import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { systemClock } from "#core";
import { testQuokka, type TestQuokka } from "../../../test/kit/quokka.ts";
import { knownUnits } from "../store/units.ts";
import { outputsToGo, storedOutputs } from "./stored-outputs.ts";

const dayMs = 86_400_000;

/** A scan that is done, with an output of so many bytes. */
async function scanned(quokka: TestQuokka, bytes: number): Promise<string> {
  const unit = await quokka.submit("portscan", { targets: ["127.0.0.1"] });
  const orders = await quokka.orders("portscan");
  const worker = quokka.running.workers.find("111-111-111", "portscan");
  const token = orders.at(-1)?.["token"] ?? "";
  if (worker) await quokka.running.units.scanned(worker, { serial: worker.serial, token, result: "x".repeat(bytes) });
  return unit;
}

test("what has been kept for long enough goes, and of the rest the oldest while there is too much", () => {
  const output = (unit: string, at: number, bytes: number) => ({ workerId: "w", unit, at, bytes });
  const all = [output("new", 90, 30), output("old", 10, 1), output("middle", 50, 50), output("second", 80, 20)];
  const gone = (keptMs: number, mostBytes: number): string[] =>
    outputsToGo(all, 100, { keptMs, mostBytes }).map(({ unit }) => unit);
  expect(gone(90, 1_000)).toEqual(["old"]);
  expect(gone(91, 1_000)).toEqual([]);
  expect(gone(91, 100)).toEqual(["middle", "old"]);
  expect(gone(91, 10)).toHaveLength(4);
});

test("outputs are given up when they are old: their units are released, and the room counts as free", async () => {
  let now = Date.now();
  const clock = { ...systemClock, now: () => now, elapsed: () => now };
  await using quokka = await testQuokka({ clock, keptMs: 10 * dayMs });
  const { id } = await quokka.enter("portscan");
  const first = await scanned(quokka, 1_000);
  const path = join(quokka.folder, id, first);
  await quokka.running.units.look();
  expect(existsSync(join(path, "scan.txt"))).toBe(true);
  now += 11 * dayMs;
  const second = await quokka.submit("portscan", { targets: ["127.0.0.1"] });
  await quokka.running.units.look();
  expect(existsSync(path)).toBe(false);
  const rows = await knownUnits(quokka.store.db, id, [first, second]);
  const released = new Map(rows.map(({ unit, released_at: at }) => [unit, at !== null]));
  expect([released.get(first), released.get(second)]).toEqual([true, false]);
});

test("after a restart what lies there counts", async () => {
  await using quokka = await testQuokka();
  await quokka.enter("portscan");
  const [old, young] = [await scanned(quokka, 5_000), await scanned(quokka, 5_000)];
  await writeFile(join(quokka.folder, "stray"), "no folder of ours");
  const { units } = await quokka.again();
  const before = await storedOutputs(quokka.folder);
  expect(before.map(({ unit }) => unit).sort()).toEqual([old, young].sort());
  expect(units.storedBytes).toBe(before.reduce((sum, { bytes }) => sum + bytes, 0));
});
