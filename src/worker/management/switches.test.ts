import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { ControlCommand, ControlSession } from "#control";
import { silentLog } from "#core";
import { managedWorker, socketClient } from "../../../test/kit/managed-worker.ts";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { switchedWork } from "./switched-work.ts";
import { Switches } from "./switches.ts";

const bools = [true, false];
const combinations = bools.flatMap((watchers) =>
  bools.flatMap((monitors) => bools.map((workers) => ({ watchers, monitors, workers }))),
);

describe("CAT-17: the three switches", () => {
  test.each(combinations)("%j holds for each of them alone, and over a restart", async (wanted) => {
    await using folder = await tempFolder();
    const file = folder.file("switches.json");
    expect(new Switches({ file, log: silentLog }).set(wanted)).toEqual(wanted);
    const switches = new Switches({ file, log: silentLog });
    expect(switches.states).toEqual(wanted);
    if (wanted.workers) expect(() => switches.requireWork()).not.toThrow();
    else expect(() => switches.requireWork()).toThrow(expect.objectContaining({ code: "WORK_SWITCHED_OFF" }) as Error);
  });

  test("those that are not named stay", async () => {
    await using worker = await managedWorker();
    using client = await socketClient(worker.socket);
    await client.call("worker.switches.set", { workers: false });
    await client.call("worker.switches.set", { monitors: false });
    expect(await client.call("worker.switches.get")).toHaveProperty("result", {
      ...{ watchers: true, monitors: false, workers: false },
    });
  });

  test("a change is told to whoever listens", () => {
    const switches = new Switches({ log: silentLog });
    const heard: unknown[] = [];
    const stop = switches.onChange((states) => heard.push(states.workers));
    switches.set({ workers: false });
    stop();
    switches.set({ workers: true });
    expect(heard).toEqual([false]);
  });

  test("without a file they are on at each start", () => {
    new Switches({ log: silentLog }).set({ workers: false });
    expect(new Switches({ log: silentLog }).states.workers).toBe(true);
  });

  test.each(["", "{", "null", "[]", '{"workers": 0}'])("a file that says %j switches nothing off", async (text) => {
    await using folder = await tempFolder();
    const file = folder.file("switches.json");
    writeFileSync(file, text);
    expect(new Switches({ file, log: silentLog }).states).toEqual({ watchers: true, monitors: true, workers: true });
  });

  test("that they cannot be remembered stops nobody", async () => {
    await using folder = await tempFolder();
    writeFileSync(folder.file("x"), "");
    const warned: string[] = [];
    const log = { ...silentLog, warn: (message: string) => void warned.push(message) };
    const switches = new Switches({ file: folder.file("x/switches.json"), log });
    expect(switches.set({ workers: false }).workers).toBe(false);
    expect(warned).toContain("the switches cannot be remembered over a restart");
  });
});

describe("CAT-17: the control command `work` while workers is off", () => {
  const session = {} as ControlSession;
  const run = async (work: object, workers = false) => {
    const switches = new Switches({ log: silentLog });
    switches.set({ workers });
    const command: ControlCommand = {
      ...{ name: "work", parseText: () => ({}), parseJson: () => ({}) },
      run: () => Promise.resolve("close"),
    };
    const units = {
      list: (isWanted: (unit: never) => boolean) => (isWanted({ id: "there" } as never) ? { there: {} } : {}),
    };
    const node = { nodeId: "alpha", units: units as never };
    return await switchedWork(command, switches, node).run({ work }, session);
  };

  test.each([
    { kind: "submit", node: "alpha" },
    { kind: "submit", node: "LocalHost" },
    { kind: "order", node: "alpha", order: { unitId: "new" } },
  ])("%j is refused", async (work) => {
    await expect(run(work)).rejects.toMatchObject({ code: "WORK_SWITCHED_OFF" });
    expect(await run(work, true)).toBe("close");
  });

  test.each([
    { kind: "submit", node: "beta" },
    { kind: "order", node: "alpha", order: { unitId: "there" } },
    { kind: "list" },
    { kind: "cancel", unitId: "there" },
    { kind: "results", unitId: "there", startPos: 0 },
  ])("%j goes on", async (work) => {
    expect(await run(work)).toBe("close");
  });
});
