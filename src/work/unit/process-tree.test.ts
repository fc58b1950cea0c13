import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, onTestFinished, test } from "vitest";
import { unitProcesses } from "./process-tree.ts";

const bootId = "0";
/** Of a reaper that was killed: what it minded is found by its mark. */
const reaper = { pid: 2 ** 22 + 1, startTicks: 7, bootId };
const launch = { reaper, command: { pid: 2 ** 22 + 2, startTicks: 0, bootId } };

describe("processes of a unit whose reaper was killed", () => {
  test("are those with its id that the same reaper minded, and those of before there was a mark of it", async () => {
    const ours = await marked({ FARHAND_UNIT_ID: "twice", FARHAND_UNIT_REAPER: `${reaper.pid}-${reaper.startTicks}` });
    const old = await marked({ FARHAND_UNIT_ID: "twice" });
    expect(pidsOf("twice")).toEqual([ours, old].toSorted((a, b) => a - b));
  });

  test("are none of another worker's unit of the same id on this machine", async () => {
    await marked({ FARHAND_UNIT_ID: "twice-there", FARHAND_UNIT_REAPER: `${reaper.pid - 1}-${reaper.startTicks}` });
    expect(pidsOf("twice-there")).toEqual([]);
  });
});

function pidsOf(unit: string): number[] {
  return unitProcesses(unit, launch)
    .map(({ pid }) => pid)
    .toSorted((a, b) => a - b);
}

/** A process with these variables alone; it is there with them when this resolves. */
async function marked(env: Record<string, string>): Promise<number> {
  const child = spawn("/bin/sleep", ["300"], { env, detached: true, stdio: "ignore" });
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  await once(child, "spawn");
  return child.pid ?? 0;
}
