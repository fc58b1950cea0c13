import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { silentLog } from "#core";
import { managedWorker, socketClient } from "../../../test/kit/managed-worker.ts";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
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
    for (const [name, isOn] of Object.entries(wanted)) {
      const asking = () => switches.requireOn(name as keyof typeof wanted);
      if (isOn) expect(asking).not.toThrow();
      else expect(asking).toThrow(expect.objectContaining({ code: "SWITCHED_OFF" }) as Error);
    }
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
