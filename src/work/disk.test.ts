import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { systemClock } from "#core";
import { runProcess } from "../../test/kit/processes.ts";
import { canMount, smallDisk } from "../../test/kit/small-disk.ts";
import { tempFolder } from "../../test/kit/temp-folder.ts";
import {
  builtHelpers,
  ended,
  eventually,
  helpersIn,
  kill,
  openTestNode,
  patience,
  quoted,
  type TestNode,
} from "../../test/kit/units.ts";
import { UnitState } from "./wire.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
beforeAll(builtHelpers);

/** Open a node whose helper already runs, on a disk of its own. */
async function openOnSmallDisk() {
  const disk = await smallDisk("4m");
  if (!disk) throw new Error("a small disk was mounted a moment ago");
  const node = await openTestNode({ folder: disk });
  await node.run("exit 0");
  // What makeRoom() gives back, also when something else has filled the rest.
  writeFileSync(disk.file("filler"), Buffer.alloc(512 * 1024));
  return { disk, node };
}

describe.skipIf(!canMount)("on a full disk (needs the right to mount one)", () => {
  test("a submit is refused and leaves no unit; with room again it is taken", async () => {
    const { disk, node } = await openOnSmallDisk();
    await using _ = node;
    const before = readdirSync(node.unitsDir);
    disk.fill();
    expect(() => node.units.allocate({ workType: "sh", params: { params: quoted("exit 0") } })).toThrow(
      expect.objectContaining({
        code: "STORAGE_FAILED",
        message: expect.stringMatching(/^no unit can be stored: ENOSPC/),
      }),
    );
    expect(readdirSync(node.unitsDir)).toEqual(before);
    expect(Object.keys(node.units.list())).toEqual(before);
    disk.makeRoom();
    expect(await node.run("exit 4")).toMatchObject({ ExitCode: 4 });
  });

  test("a payload that finds no room fails its unit, which starts nothing", async () => {
    const { disk, node } = await openOnSmallDisk();
    await using _ = node;
    const unit = node.units.allocate({ workType: "sh", params: { params: quoted("echo ran") } });
    const payload = async function* () {
      for (let n = 0; n < 200; n++) yield Buffer.alloc(64 * 1024);
    };
    await expect(node.units.receive(unit, payload())).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    expect(unit.status).toMatchObject({ State: UnitState.Failed, Cause: "STORAGE_FAILED" });
    expect(statSync(unit.folder.stdin).size).toBe(0);
    expect(JSON.parse(readFileSync(unit.folder.status, "utf8"))).toEqual(unit.status);
    expect(unit.status.Detail).toMatch(/^Error reading input data: ENOSPC/);
    await node.units.release(unit.id, { force: false, signal: patience() });
    disk.makeRoom();
    expect(await node.run("exit 0")).toMatchObject({ State: UnitState.Succeeded });
  });

  test("a unit that fills it has its true ending, told at once and stored when there is room", async () => {
    const { disk, node } = await openOnSmallDisk();
    await using _ = node;
    const unit = await node.start("cat /dev/zero; exit 7");
    const truth = { State: UnitState.Failed, Detail: "exit status 7", ExitCode: 7, Cause: "EXITED" };
    expect(await ended(unit)).toMatchObject({ ...truth, StdoutSize: statSync(unit.folder.stdout).size });
    disk.fill();
    await restartAll(node);
    expect(await ended(node.units.get(unit.id))).toMatchObject(truth);
    disk.makeRoom();
    await eventually("the ending is stored", () => JSON.parse(readFileSync(unit.folder.status, "utf8")).ExitCode === 7);
    await node.reopen();
    expect(node.units.get(unit.id).status).toMatchObject(truth);
  });

  test("an exit is recorded also when daemon and helper are dead and there is no room at all", async () => {
    const { disk, node } = await openOnSmallDisk();
    await using _ = node;
    await using outside = await tempFolder();
    const go = outside.file("go");
    const unit = await node.start(`echo up; until [ -e ${go} ]; do sleep 0.02; done; exit 9`);
    node.close();
    for (const { pid } of helpersIn(node.dataDir)) await kill(pid);
    disk.fill();
    writeFileSync(go, "");
    await eventually("the exit is recorded", () => readFileSync(unit.folder.process, "latin1").includes("exit "));
    disk.makeRoom();
    await node.reopen();
    expect(await ended(node.units.get(unit.id))).toMatchObject({ ExitCode: 9, Cause: "EXITED", StdoutSize: 3 });
  });

  test("a unit that was cancelled stays so, also when daemon and helper die before there is room to say so", async () => {
    const { disk, node } = await openOnSmallDisk();
    await using _ = node;
    const unit = await node.start("echo up; exec sleep 600");
    disk.fill();
    await node.units.cancel(unit.id, patience());
    const told = { State: UnitState.Canceled, Detail: "Canceled", Cause: "CANCELED", Signal: "SIGINT" };
    expect(await ended(unit)).toMatchObject(told);
    await restartAll(node);
    expect(await ended(node.units.get(unit.id))).toMatchObject(told);
    disk.makeRoom();
    await eventually("the ending is stored", () => readFileSync(unit.folder.status, "utf8").includes("CANCELED"));
    await node.reopen();
    expect(node.units.get(unit.id).status).toMatchObject(told);
  });

  test("units can be listed, read and released", async () => {
    const { disk, node } = await openOnSmallDisk();
    await using _ = node;
    const unit = await node.start("echo output");
    await ended(unit);
    disk.fill();
    expect(node.units.list()[unit.id]).toMatchObject({ StdoutSize: 7 });
    let text = "";
    for await (const chunk of node.units.results(unit, 0, patience())) text += Buffer.from(chunk).toString();
    expect(text).toBe("output\n");
    await node.units.release(unit.id, { force: false, signal: patience() });
    expect(node.units.list()[unit.id]).toBeUndefined();
  });
});

describe.skipIf(!canMount)("a unit whose files cannot be deleted (needs the right to mount)", () => {
  test("is released once it is out of its place", async () => {
    await using node = await openTestNode();
    const unit = await node.start("exit 0");
    await ended(unit);
    const held = `${unit.folder.dir}/held`;
    mkdirSync(held);
    expect((await runProcess("mount", ["-t", "tmpfs", "farhand-test", held])).code).toBe(0);
    await node.units.release(unit.id, { force: false, signal: patience() });
    expect(node.units.list()).toEqual({});
    expect(readdirSync(node.unitsDir)).toEqual([]);
    const trash = `${node.dataDir}/.farhand/alpha/trash`;
    const [taken] = readdirSync(trash);
    expect((await runProcess("umount", [`${trash}/${taken}/held`])).code).toBe(0);
    await node.reopen();
    await eventually("the trash is empty", () => readdirSync(trash).length === 0);
  });
});

describe.skipIf(!canMount)("a unit whose folder is in use (needs the right to mount)", () => {
  /** A node whose pauses do something, and a finished unit of it whose folder cannot be moved. */
  async function openInUse(pause: (dir: string) => Promise<unknown>) {
    let pauses = 0;
    const sleep = async () => {
      pauses++;
      await pause(unit.folder.dir);
    };
    const node = await openTestNode({ clock: { ...systemClock, sleep } });
    const unit = await node.start("exit 0");
    await ended(unit);
    pauses = 0;
    expect((await runProcess("mount", ["-t", "tmpfs", "farhand-test", unit.folder.dir])).code).toBe(0);
    const release = (force: boolean) => node.units.release(unit.id, { force, signal: patience() });
    const close = async () => {
      await runProcess("umount", [unit.folder.dir]);
      await node[Symbol.asyncDispose]();
    };
    return { node, unit, release, pauses: () => pauses, [Symbol.asyncDispose]: close };
  }

  test("is released when it is free at the second or third try (spec §8.3, item 38)", async () => {
    await using busy = await openInUse((dir) => runProcess("umount", [dir]));
    expect(await busy.release(false)).toBe("done");
    expect([busy.pauses(), busy.node.units.list(), existsSync(busy.unit.folder.dir)]).toEqual([1, {}, false]);
  });

  test("stays after three tries, with the reason; force forgets it at once", async () => {
    await using busy = await openInUse(async () => {});
    await expect(busy.release(false)).rejects.toMatchObject({
      code: "STORAGE_FAILED",
      message: expect.stringMatching(/^files of unit \w+ not deleted: EBUSY/),
    });
    expect(busy.pauses()).toBe(2);
    expect(Object.keys(busy.node.units.list())).toEqual([busy.unit.id]);
    expect(await busy.release(true)).toBe("done");
    expect([busy.pauses(), busy.node.units.list()]).toEqual([2, {}]);
  });
});

describe.skipIf(!canMount)("on a disk that is read-only (needs the right to mount one)", () => {
  test("a daemon refuses to start, and says why", async () => {
    const { disk, node } = await openOnSmallDisk();
    await using _ = node;
    node.close();
    for (const { pid } of helpersIn(node.dataDir)) await kill(pid);
    // Refused while what was killed a moment ago still has a file open.
    while (!(await disk.remount("ro"))) await sleep(10);
    await expect(node.reopen()).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    expect(await disk.remount("rw")).toBe(true);
    await node.reopen();
    expect(await node.run("exit 0")).toMatchObject({ State: UnitState.Succeeded });
  });
});

/** Daemon and helpers die together, and another daemon comes. */
async function restartAll(node: TestNode): Promise<void> {
  node.close();
  for (const { pid } of helpersIn(node.dataDir)) await kill(pid);
  await node.reopen();
}
