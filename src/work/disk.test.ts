import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { systemClock } from "#core";
import { runProcess } from "../../test/kit/processes.ts";
import { type TempFolder, tempFolder } from "../../test/kit/temp-folder.ts";
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

/** A disk of a few megabytes, or of none of its own where this user may not mount one. */
async function smallDisk(): Promise<(TempFolder & { remount(option: string): Promise<boolean> }) | undefined> {
  const folder = await tempFolder();
  const disk = folder.file("disk");
  mkdirSync(disk);
  const mount = async (...args: string[]) => (await runProcess("mount", args)).code === 0;
  if (!(await mount("-t", "tmpfs", "-o", "size=4m,mode=0700", "farhand-test", disk))) {
    await folder[Symbol.asyncDispose]();
    return undefined;
  }
  return {
    path: disk,
    file: (name) => `${disk}/${name}`,
    remount: (option) => mount("-o", `remount,${option}`, disk),
    [Symbol.asyncDispose]: async () => {
      await runProcess("umount", ["--lazy", disk]);
      await folder[Symbol.asyncDispose]();
    },
  };
}

const canMount = await smallDisk().then(async (disk) => {
  await disk?.[Symbol.asyncDispose]();
  return disk !== undefined;
});

/** Open a node whose helper already runs, on a disk of its own. */
async function openOnSmallDisk() {
  const disk = await smallDisk();
  if (!disk) throw new Error("a small disk was mounted a moment ago");
  const node = await openTestNode({ folder: disk });
  await node.run("exit 0");
  // What makeRoom() gives back, also when something else has filled the rest.
  writeFileSync(disk.file("filler"), Buffer.alloc(512 * 1024));
  return { disk, node };
}

function fill(disk: TempFolder): void {
  try {
    for (;;) writeFileSync(disk.file("filler"), Buffer.alloc(4096), { flag: "a" });
  } catch {
    // Full.
  }
  try {
    for (let n = 0; ; n++) writeFileSync(disk.file(`filler.${n}`), "x");
  } catch {
    // Fuller.
  }
}

function makeRoom(disk: TempFolder): void {
  for (const name of readdirSync(disk.path)) if (name.startsWith("filler")) rmSync(disk.file(name));
}

describe.skipIf(!canMount)("on a full disk (needs the right to mount one)", () => {
  test("a submit is refused and leaves no unit; with room again it is taken", async () => {
    const { disk, node } = await openOnSmallDisk();
    await using _ = node;
    const before = readdirSync(node.unitsDir);
    fill(disk);
    expect(() => node.units.allocate({ workType: "sh", params: { params: quoted("exit 0") } })).toThrow(
      expect.objectContaining({
        code: "STORAGE_FAILED",
        message: expect.stringMatching(/^no unit can be stored: ENOSPC/),
      }),
    );
    expect(readdirSync(node.unitsDir)).toEqual(before);
    expect(Object.keys(node.units.list())).toEqual(before);
    makeRoom(disk);
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
    makeRoom(disk);
    expect(await node.run("exit 0")).toMatchObject({ State: UnitState.Succeeded });
  });

  test("a unit that fills it has its true ending, told at once and stored when there is room", async () => {
    const { disk, node } = await openOnSmallDisk();
    await using _ = node;
    const unit = await node.start("cat /dev/zero; exit 7");
    const truth = { State: UnitState.Failed, Detail: "exit status 7", ExitCode: 7, Cause: "EXITED" };
    expect(await ended(unit)).toMatchObject({ ...truth, StdoutSize: statSync(unit.folder.stdout).size });
    fill(disk);
    await restartAll(node);
    expect(await ended(node.units.get(unit.id))).toMatchObject(truth);
    makeRoom(disk);
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
    fill(disk);
    writeFileSync(go, "");
    await eventually("the exit is recorded", () => readFileSync(unit.folder.process, "latin1").includes("exit "));
    makeRoom(disk);
    await node.reopen();
    expect(await ended(node.units.get(unit.id))).toMatchObject({ ExitCode: 9, Cause: "EXITED", StdoutSize: 3 });
  });

  test("units can be listed, read and released", async () => {
    const { disk, node } = await openOnSmallDisk();
    await using _ = node;
    const unit = await node.start("echo output");
    await ended(unit);
    fill(disk);
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
