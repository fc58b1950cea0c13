import { describe, expect, test } from "vitest";
import { runSimulation } from "#mesh";
import { reportLines, simulationSettings } from "./simulation.ts";

describe("farhand sim", () => {
  test("without options simulates a day of 100 nodes with every fault", async () => {
    expect(await simulationSettings({})).toEqual({
      seed: 42,
      nodes: 100,
      hours: 24,
      faults: ["partition", "loss", "reorder", "restart", "duplicate-id"],
    });
  });

  test.each([
    [{ nodes: "1" }, "--nodes must be a whole number from 2 to 5000"],
    [{ nodes: "ten" }, '"ten" is not'],
    [{ hours: "0" }, "--hours must be a number from 0.01"],
    [{ seed: "-1" }, "--seed must be a whole number"],
    [{ faults: "rain" }, 'there is no fault "rain"; there are partition, loss'],
  ])("refuses %o", async (given, why) => {
    await expect(simulationSettings(given)).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining(why),
    });
  });

  test("prints the same report for the same seed, another for another, and no violation", async () => {
    const settings = await simulationSettings({ nodes: "12", hours: "0.5", seed: "7" });
    const [one, same, other] = await Promise.all([
      runSimulation(settings),
      runSimulation(settings),
      runSimulation({ ...settings, seed: 8 }),
    ]);
    expect(reportLines(one)).toEqual(reportLines(same));
    expect(reportLines(one)).not.toEqual(reportLines(other));
    for (const report of [one, other]) expect(reportLines(report)).toContain("Violations: 0");
  });
});
