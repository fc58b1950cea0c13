import { afterEach, describe, expect, test, vi } from "vitest";
import { systemClock } from "#core";
import { UnitState } from "#work/wire";
import { testQuokka, type TestQuokka } from "../../../test/kit/quokka.ts";
import { quokkaUnits } from "../store/quokka.ts";
import { knownUnits } from "../store/units.ts";
import { UnitIndex } from "../units/unit-index.ts";

afterEach(() => void vi.restoreAllMocks());

const scan = { targets: ["127.0.0.1"] };
const diskFull = new Error("database or disk is full");

/** What the index of all units says of one. */
async function known({ store }: TestQuokka, workerId: string, unit: string) {
  const [row] = await knownUnits(store.db, workerId, [unit]);
  return row;
}

describe("an order", () => {
  test("leaves once, however many heartbeats come at once", async () => {
    await using quokka = await testQuokka();
    await quokka.enter("portscan");
    for (let n = 0; n < 5; n++) await quokka.submit("portscan", scan);
    const all = await Promise.all([quokka.orders("portscan"), quokka.orders("portscan"), quokka.orders("portscan")]);
    const tokens = all.flat().map(({ token }) => token);
    expect([tokens.length, new Set(tokens).size]).toEqual([5, 5]);
  });

  test("that is cancelled while others are on their way to the database stays, as its unit says", async () => {
    await using quokka = await testQuokka();
    const { id } = await quokka.enter("portscan");
    await quokka.submit("portscan", scan);
    const second = await quokka.submit("portscan", scan);
    const leaving = quokka.orders("portscan");
    await quokka.running.units.cancel(id, second);
    expect(await leaving).toHaveLength(1);
    expect((await known(quokka, id, second))?.detail).toBe("cancelled before it was sent");
  });

  test("whose unit could not be stored never leaves, now or after a restart", async () => {
    await using quokka = await testQuokka();
    await quokka.enter("portscan");
    vi.spyOn(UnitIndex.prototype, "put").mockRejectedValueOnce(diskFull);
    const submitting = quokka.submit("portscan", scan);
    expect(await quokka.orders("portscan")).toEqual([]);
    await expect(submitting).rejects.toThrow(diskFull);
    expect(await quokka.orders("portscan")).toEqual([]);
    expect(await quokkaUnits(quokka.store.db)).toEqual([]);
  });

  test("of which it cannot be stored that it leaves goes with the next heartbeat", async () => {
    await using quokka = await testQuokka();
    await quokka.enter("portscan");
    await quokka.submit("portscan", scan);
    vi.spyOn(UnitIndex.prototype, "put").mockRejectedValueOnce(diskFull);
    await expect(quokka.orders("portscan")).rejects.toThrow(diskFull);
    expect(await quokka.orders("portscan")).toHaveLength(1);
    expect(await quokka.orders("portscan")).toEqual([]);
  });
});

test("an ending that could not be stored is stored later, and its unit is not forgotten before", async () => {
  let now = Date.now();
  const clock = { ...systemClock, now: () => now, elapsed: () => now };
  await using quokka = await testQuokka({ clock });
  const { id } = await quokka.enter("portscan");
  const unit = await quokka.submit("portscan", scan);
  await quokka.orders("portscan");
  const put = vi.spyOn(UnitIndex.prototype, "put").mockRejectedValue(diskFull);
  await expect(quokka.running.units.cancel(id, unit)).rejects.toThrow(diskFull);
  now += 3_600_000;
  await expect(quokka.running.units.look()).rejects.toThrow(diskFull);
  expect((await known(quokka, id, unit))?.state).toBe(UnitState.Pending);
  put.mockRestore();
  await quokka.running.units.look();
  expect((await known(quokka, id, unit))?.state).toBe(UnitState.Canceled);
});
