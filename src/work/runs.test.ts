import { readFileSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test, vi } from "vitest";
import {
  builtHelpers,
  ended,
  eventually,
  openTestNode,
  outputOf,
  patience,
  shell,
  type TestNode,
} from "../../test/kit/units.ts";
import { UnitState } from "./wire.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
beforeAll(builtHelpers);

const narrow = { ...shell, maxUnits: 1 };

/** Runs until the file is there, and says when it began. */
const untilFile = (node: TestNode, name: string) =>
  `echo ${name} >> ${node.folder.file("order")}; until [ -e ${node.folder.file(name)} ]; do sleep 0.02; done`;

async function order(node: TestNode, count: number): Promise<string[]> {
  return await eventually(`${count} began`, () => {
    const names = readFileSync(node.folder.file("order"), "utf8").trim().split("\n");
    return names.length >= count && names;
  });
}

function letGo(node: TestNode, ...names: string[]): void {
  for (const name of names) writeFileSync(node.folder.file(name), "");
}

describe("a work type that runs one unit at once", () => {
  test("lets the others wait, starts them in their order, and says so", async () => {
    await using node = await openTestNode({ workTypes: [narrow] });
    const first = await node.start(untilFile(node, "first"));
    const waiting = [];
    for (const name of ["second", "third", "fourth"]) waiting.push(await node.start(untilFile(node, name)));
    expect(first.status.State).toBe(UnitState.Running);
    for (const { status } of waiting) {
      expect(status).toMatchObject({
        State: UnitState.Pending,
        Detail: "Waiting for a free place (1 of this type may run at once)",
        Queued: true,
      });
    }
    letGo(node, "second", "third", "fourth", "first");
    for (const unit of waiting) expect(await ended(unit)).toMatchObject({ State: UnitState.Succeeded });
    for (const { status } of waiting) expect(status).not.toHaveProperty("Queued");
    expect(await order(node, 4)).toEqual(["first", "second", "third", "fourth"]);
  });

  test("keeps the order of the rest when one that waits is cancelled or released", async () => {
    await using node = await openTestNode({ workTypes: [narrow] });
    await node.start(untilFile(node, "first"));
    const waiting = [];
    for (const name of ["second", "third", "fourth", "fifth"]) waiting.push(await node.start(untilFile(node, name)));
    const [, third, fourth] = waiting;
    await node.units.cancel(third?.id ?? "", patience());
    expect(third?.status).toMatchObject({ State: UnitState.Canceled, Detail: "Canceled", Cause: "CANCELED" });
    expect(third?.status).not.toHaveProperty("Queued");
    await node.units.release(fourth?.id ?? "", { force: false, signal: patience() });
    letGo(node, "first", "second", "fifth");
    for (const unit of [waiting[0], waiting[3]]) if (unit) await ended(unit);
    expect(await order(node, 3)).toEqual(["first", "second", "fifth"]);
  });

  test("gives the place of a unit on, however that ended", async () => {
    const broken = { ...shell, workType: "broken", command: "/no/such", params: "", maxUnits: 1 };
    await using node = await openTestNode({ workTypes: [narrow, broken] });
    for (let n = 0; n < 3; n++) {
      await expect(node.start("", { type: "broken", params: "" })).rejects.toMatchObject({ code: "START_FAILED" });
      expect(await node.run("kill -9 $$")).toMatchObject({ Cause: "SIGNALED" });
      const cancelled = await node.start("sleep 600");
      expect(cancelled.status.State).toBe(UnitState.Running);
      await node.units.cancel(cancelled.id, patience());
    }
    expect(await node.run("exit 0")).toMatchObject({ State: UnitState.Succeeded });
  });

  test("forgets nobody when places come free while others begin to wait", async () => {
    await using node = await openTestNode({ workTypes: [narrow] });
    const statuses = await Promise.all(Array.from({ length: 40 }, (_, n) => node.run(`exit ${n}`)));
    expect(statuses.map(({ ExitCode }) => ExitCode)).toEqual(statuses.map((_, n) => n));
  });

  test("keeps queue and order over a restart of the daemon", async () => {
    await using node = await openTestNode({ workTypes: [narrow] });
    const first = await node.start(untilFile(node, "first"));
    const names = ["second", "third", "fourth", "fifth", "sixth"];
    const ids = [];
    for (const name of names) {
      ids.push((await node.start(untilFile(node, name))).id);
      // A status tells milliseconds apart.
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    await node.reopen();
    expect(Object.keys(node.units.list())).toEqual([first.id, ...ids]);
    await node.units.get(first.id).until(({ State }) => State === UnitState.Running, patience());
    for (const id of ids) expect(node.units.get(id).status).toMatchObject({ State: UnitState.Pending, Queued: true });
    letGo(node, "first", ...names);
    for (const id of ids) expect(await ended(node.units.get(id))).toMatchObject({ State: UnitState.Succeeded });
    expect(await order(node, 6)).toEqual(["first", ...names]);
  });
});

test("a work type for two runs never more than two at once, and always two while some wait", async () => {
  await using node = await openTestNode({ workTypes: [{ ...shell, maxUnits: 2 }] });
  const log = node.folder.file("log");
  // Appends of one line each are whole and in their true order.
  const units = await Promise.all(
    Array.from({ length: 12 }, () => node.start(`echo + >> ${log}; sleep 0.05; echo - >> ${log}; echo done`)),
  );
  for (const unit of units) {
    await ended(unit);
    expect(outputOf(unit)).toBe("done\n");
  }
  let running = 0;
  for (const mark of readFileSync(log, "utf8").trim().split("\n")) {
    running += mark === "+" ? 1 : -1;
    expect(running).toBeLessThanOrEqual(2);
  }
});
