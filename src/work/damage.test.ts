import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { type Clock, systemClock } from "#core";
import { isRunning, startProcess } from "../../test/kit/processes.ts";
import { tempFolder } from "../../test/kit/temp-folder.ts";
import {
  builtHelpers,
  ended,
  eventually,
  openTestNode,
  patience,
  processesOfUnit,
  type Unit,
  written,
} from "../../test/kit/units.ts";
import { bootId, identityOf } from "./unit/process-table.ts";
import { UnitState } from "./wire.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
beforeAll(builtHelpers);

const release = () => ({ force: false, signal: patience() });
const slot = (text: string) => `${text.padEnd(127)}\n`;

/** A clock that a test sets; it does not stop while nobody sets it. */
function settableClock(): Clock & { set(now: number): void } {
  let offset = 0;
  return {
    ...systemClock,
    now: () => Date.now() + offset,
    set: (now) => {
      offset = now - Date.now();
    },
  };
}

/** A folder as Receptor or an earlier daemon left it, before any daemon looked at it. */
async function leftFolder(units: Record<string, Record<string, string | Buffer>>) {
  const folder = await tempFolder();
  for (const [id, files] of Object.entries(units)) {
    mkdirSync(folder.file(`alpha/${id}`), { recursive: true });
    for (const [name, content] of Object.entries(files)) writeFileSync(folder.file(`alpha/${id}/${name}`), content);
  }
  return folder;
}

async function* noBytes(): AsyncGenerator<Uint8Array> {}

const statusLine = (about: object) =>
  `${JSON.stringify({ State: 1, Detail: "Running: PID 2", StdoutSize: 0, WorkType: "sh", ExtraData: null, ...about })}\n`;

describe("a unit folder that Receptor wrote", () => {
  const receptors = {
    Succeed1:
      '{"State":2,"Detail":"exit status 0","StdoutSize":6,"WorkType":"echo","ExtraData":{"Pid":4240,"Params":""}}\n',
    Failed12: '{"State":3,"Detail":"exit status 7","StdoutSize":0,"WorkType":"echo","ExtraData":null}\n',
    Cancel12: '{"State":4,"Detail":"Canceled","StdoutSize":0,"WorkType":"echo","ExtraData":null}\n',
  };

  test("is listed with its ending, its results can be had, and it can be released", async () => {
    await using folder = await leftFolder(
      Object.fromEntries(
        Object.entries(receptors).map(([id, status]) => [
          id,
          { status, "status.lock": "", stdin: "", stdout: "hello\n" },
        ]),
      ),
    );
    await using node = await openTestNode({ folder });
    for (const [id, status] of Object.entries(receptors)) {
      expect(node.units.list()[id]).toMatchObject(JSON.parse(status));
      expect(readFileSync(node.units.get(id).folder.status, "utf8")).toBe(status);
    }
    let text = "";
    for await (const chunk of node.units.results(node.units.get("Succeed1"), 0, patience())) {
      text += Buffer.from(chunk).toString();
    }
    expect(text).toBe("hello\n");
    for (const id of Object.keys(receptors)) await node.units.release(id, release());
    expect(readdirSync(node.unitsDir)).toEqual([]);
  });

  test("and was not finished has an exit that nobody knows", async () => {
    await using folder = await leftFolder({ Running1: { status: statusLine({}), stdout: "out" } });
    await using node = await openTestNode({ folder });
    expect(node.units.get("Running1").status).toMatchObject({ State: UnitState.Failed, Cause: "EXIT_UNKNOWN" });
    await node.reopen();
    expect(node.units.get("Running1").status).toMatchObject({ State: UnitState.Failed, Cause: "EXIT_UNKNOWN" });
  });

  test("while the daemon runs is found when somebody asks for it", async () => {
    await using node = await openTestNode();
    mkdirSync(`${node.unitsDir}/Late1234`);
    writeFileSync(`${node.unitsDir}/Late1234/status`, statusLine({ State: 2, Detail: "exit status 0" }));
    expect(node.units.get("Late1234").status).toMatchObject({ State: 2, Detail: "exit status 0" });
    expect(Object.keys(node.units.list())).toEqual(["Late1234"]);
  });
});

describe("a damaged status", () => {
  const damages: [string, (path: string) => void][] = [
    ["empty", (path) => truncateSync(path, 0)],
    ["truncated", (path) => truncateSync(path, 20)],
    ["binary", (path) => writeFileSync(path, Buffer.from([0, 1, 255, 254, 10]))],
    ["of another kind", (path) => writeFileSync(path, "[]")],
    ["missing", (path) => rmSync(path)],
    ["huge", (path) => truncateSync(path, 1024 ** 4)],
    ["a folder", (path) => [rmSync(path), mkdirSync(path)]],
    ["a pipe", (path) => [rmSync(path), execFileSync("mkfifo", [path])]],
  ];

  test.each(damages)("(%s) of a unit that never ran says so, and stays so", async (_, damage) => {
    await using node = await openTestNode();
    const fine = await node.start("exit 3");
    await ended(fine);
    const { id, folder } = node.units.allocate({ workType: "sh", params: {} });
    node.close();
    damage(folder.status);
    await node.reopen();
    const { status } = node.units.get(id);
    expect(status).toMatchObject({ State: UnitState.Failed, Cause: "STATUS_CORRUPT", WorkType: "unknown" });
    expect(status.Detail).toMatch(/^Failed to restart: /);
    expect(node.units.list()[fine.id]).toMatchObject({ ExitCode: 3, Cause: "EXITED" });
    await node.reopen();
    expect(node.units.get(id).status).toMatchObject({ ...status, FinishedAt: status.FinishedAt });
    await node.units.release(id, release());
    expect(Object.keys(node.units.list())).toEqual([fine.id]);
  });

  test.each(damages)("(%s) of a unit that ran is mended from its exit record", async (_, damage) => {
    await using node = await openTestNode();
    const unit = await node.start("echo output; exit 5");
    await ended(unit);
    node.close();
    damage(unit.folder.status);
    await node.reopen();
    const mended = { State: UnitState.Failed, Detail: "exit status 5", ExitCode: 5, Cause: "EXITED", StdoutSize: 7 };
    expect(await ended(node.units.get(unit.id))).toMatchObject(mended);
    await node.reopen();
    expect(node.units.get(unit.id).status).toMatchObject(mended);
  });

  test("of a unit that runs does not end it", async () => {
    await using node = await openTestNode();
    const go = node.folder.file("go");
    const unit = await node.start(`echo up; until [ -e ${go} ]; do sleep 0.02; done; exit 6`);
    await written(unit, "up");
    await eventually("it is Running on disk", () => readFileSync(unit.folder.status, "utf8").includes('"State":1'));
    node.close();
    writeFileSync(unit.folder.status, "{");
    await node.reopen();
    const again = node.units.get(unit.id);
    expect(again.isFinal).toBe(false);
    expect(again.status.Detail).toMatch(/^Running/);
    writeFileSync(go, "");
    expect(await ended(again)).toMatchObject({ ExitCode: 6, Cause: "EXITED" });
  });
});

describe("a damaged process record", () => {
  test.each([
    ["empty", ""],
    ["of zeros", "\0".repeat(384)],
    ["of text", "not a record\n".repeat(40)],
  ])("(%s) of a unit that ran makes its exit unknown, not its start", async (_, record) => {
    const status = statusLine({ StartedAt: "2024-05-06T07:08:09.000Z" });
    await using folder = await leftFolder({ Running1: { status, process: record, stdout: "out" } });
    await using node = await openTestNode({ folder });
    expect(node.units.get("Running1").status).toMatchObject({
      State: UnitState.Failed,
      Detail: "the unit's process record is damaged, so its exit is unknown",
      Cause: "EXIT_UNKNOWN",
    });
  });

  test("of a unit that runs neither ends it nor its neighbours", async () => {
    await using node = await openTestNode();
    const go = node.folder.file("go");
    const script = `echo up; until [ -e ${go} ]; do sleep 0.02; done; exit 6`;
    const [unit, neighbour] = [await node.start(script), await node.start(script)];
    await written(unit, "up");
    const helpers = node.units.helperPids;
    rmSync(unit.folder.process);
    mkdirSync(unit.folder.process);
    await node.run("exit 0");
    expect(unit.status.State).toBe(UnitState.Running);
    writeFileSync(go, "");
    expect(await ended(neighbour)).toMatchObject({ ExitCode: 6 });
    expect(await ended(unit)).toMatchObject({ State: UnitState.Failed, Cause: "EXIT_UNKNOWN" });
    expect(node.units.helperPids).toEqual(helpers);
  });

  test("that is gone before the unit starts starts nothing, and does not hang", async () => {
    await using node = await openTestNode();
    const unit = node.units.allocate({ workType: "sh", params: { params: "'echo ran'" } });
    writeFileSync(unit.folder.process, "");
    await node.units.start(unit).catch(() => undefined);
    expect(await ended(unit)).toMatchObject({ State: UnitState.Failed });
    expect(existsSync(unit.folder.stdout)).toBe(false);
  });
});

describe("files taken away while the payload of a unit comes", () => {
  test.each([
    ["the process record", (unit: Unit) => rmSync(unit.folder.process)],
    ["the whole folder", (unit: Unit) => rmSync(unit.folder.dir, { recursive: true })],
  ])("(%s) fail that unit, which never ran, and cost its neighbours nothing", async (_, takeAway) => {
    await using node = await openTestNode();
    const go = node.folder.file("go");
    const neighbour = await node.start(`until [ -e ${go} ]; do sleep 0.02; done; exit 6`);
    const helpers = node.units.helperPids;
    const unit = node.units.allocate({ workType: "sh", params: { params: "'echo ran'" } });
    await node.units.receive(unit, noBytes());
    takeAway(unit);
    await expect(node.units.start(unit)).rejects.toMatchObject({ code: "START_FAILED" });
    const never = {
      State: UnitState.Failed,
      Detail: "the unit's record file cannot be opened: no such file or directory",
      Cause: "STORAGE_FAILED",
    };
    expect(unit.status).toMatchObject(never);
    expect(unit.status).not.toHaveProperty("StartedAt");
    writeFileSync(go, "");
    expect(await ended(neighbour)).toMatchObject({ ExitCode: 6 });
    expect(node.units.helperPids).toEqual(helpers);
  });

  test("(the process record) do not keep it from being cancelled", async () => {
    await using node = await openTestNode();
    const unit = node.units.allocate({ workType: "sh", params: {} });
    rmSync(unit.folder.process);
    await node.units.cancel(unit.id, patience());
    expect(unit.status).toMatchObject({ State: UnitState.Canceled, Cause: "CANCELED" });
  });
});

describe("entries of the node's folder that are no units", () => {
  test("are left alone, and folders with a unit's name are shown and can be released", async () => {
    await using folder = await tempFolder();
    const dir = folder.file("alpha");
    mkdirSync(dir);
    writeFileSync(join(dir, "notes.txt"), "mine");
    mkdirSync(join(dir, "lost+found"));
    writeFileSync(join(dir, "Plain123"), "a plain file");
    symlinkSync("/nowhere/at/all", join(dir, "Dangling"));
    symlinkSync(join(dir, "LoopLoop"), join(dir, "LoopLoop"));
    mkdirSync(join(dir, "Empty123"));
    mkdirSync(join(dir, "HalfGone"));
    writeFileSync(join(dir, "HalfGone/stdout"), "what is left of it");
    await using node = await openTestNode({ folder });
    const fine = await node.run("exit 3");
    expect(fine).toMatchObject({ ExitCode: 3 });
    const bad = ["Empty123", "HalfGone"];
    const list = node.units.list();
    for (const id of bad)
      expect(list[id]).toMatchObject({
        State: UnitState.Failed,
        Detail: expect.stringMatching(/^Failed to restart: /),
      });
    expect(Object.keys(list)).toHaveLength(bad.length + 1);
    for (const id of bad) await node.units.release(id, release());
    expect(Object.keys(node.units.list())).toHaveLength(1);
    expect(readFileSync(join(dir, "notes.txt"), "utf8")).toBe("mine");
    expect(existsSync(join(dir, "lost+found"))).toBe(true);
    for (const id of ["Plain123", "Dangling", "LoopLoop"]) {
      expect(() => node.units.get(id)).toThrow(expect.objectContaining({ code: "UNIT_NOT_FOUND" }));
    }
    expect(readdirSync(dir)).toHaveLength(6);
  });

  test("behind a symbolic link are not touched, whenever it comes", async () => {
    await using folder = await tempFolder();
    mkdirSync(folder.file("alpha"));
    mkdirSync(folder.file("precious"));
    writeFileSync(folder.file("precious/status"), "{");
    symlinkSync(folder.file("precious"), folder.file("alpha/Linked12"));
    await using node = await openTestNode({ folder });
    symlinkSync(folder.file("precious"), folder.file("alpha/Linked34"));
    for (const id of ["Linked12", "Linked34"]) {
      await expect(node.units.release(id, release())).rejects.toMatchObject({ code: "UNIT_NOT_FOUND" });
    }
    expect(node.units.list()).toEqual({});
    expect(readdirSync(folder.file("precious"))).toEqual(["status"]);
  });

  test("of a unit that was half deleted when the daemon died are swept away", async () => {
    await using folder = await tempFolder();
    mkdirSync(folder.file(".farhand/alpha/trash/Ab3dEf9h.1.0"), { recursive: true });
    writeFileSync(folder.file(".farhand/alpha/trash/Ab3dEf9h.1.0/stdout"), "rest");
    await using node = await openTestNode({ folder });
    expect(node.units.list()).toEqual({});
    await eventually("the trash is empty", () => readdirSync(folder.file(".farhand/alpha/trash")).length === 0);
  });
});

describe("a launched unit whose process is not there", () => {
  const launched = (pid: number, startTicks: number, boot: string) =>
    slot("reserved 1") + slot(`launch 1 ${pid} ${startTicks} ${pid} ${startTicks} ${boot}`) + slot("");

  test("because its pid is somebody else's now is over, and the other is left alone", async () => {
    await using stranger = await startProcess("sleep", ["600"]);
    const startTicks = identityOf(stranger.pid)?.startTicks ?? 0;
    const process = launched(stranger.pid, startTicks - 1, bootId());
    await using folder = await leftFolder({ Reused12: { status: statusLine({}), process, stdout: "out" } });
    await using node = await openTestNode({ folder });
    const unit = node.units.get("Reused12");
    expect(await ended(unit)).toMatchObject({ State: UnitState.Failed, Cause: "EXIT_UNKNOWN", StdoutSize: 3 });
    await node.units.cancel(unit.id, patience());
    await node.units.release(unit.id, release());
    expect(isRunning(stranger.pid)).toBe(true);
  });

  test("because the machine restarted says so", async () => {
    await using stranger = await startProcess("sleep", ["600"]);
    const startTicks = identityOf(stranger.pid)?.startTicks ?? 0;
    const process = launched(stranger.pid, startTicks, "00000000-0000-0000-0000-000000000000");
    const stopping = statusLine({ Stopping: "RUN_TIME_LIMIT" });
    await using folder = await leftFolder({
      Restart1: { status: statusLine({}), process, stdout: "out" },
      Restart2: { status: stopping, process },
    });
    await using node = await openTestNode({ folder });
    for (const id of ["Restart1", "Restart2"]) {
      expect(await ended(node.units.get(id))).toMatchObject({
        State: UnitState.Failed,
        Detail: "the machine restarted while the unit ran",
        Cause: "HOST_RESTARTED",
      });
      await node.units.release(id, release());
    }
    expect(isRunning(stranger.pid)).toBe(true);
  });
});

describe("a clock that is set back", () => {
  test("gives a unit no run time below zero, and retention no reason to remove what is young", async () => {
    const clock = settableClock();
    await using node = await openTestNode({ clock });
    const status = await node.run("exit 0");
    clock.set(Date.parse("2001-01-01T00:00:00Z"));
    const later = await node.run("exit 0");
    expect(status.RunSeconds).toBeGreaterThanOrEqual(0);
    expect(later).toMatchObject({ State: UnitState.Succeeded });
    await node.reopen({ retention: { maxAgeMs: 1_000 } });
    expect(Object.keys(node.units.list())).toHaveLength(2);
  });
});

describe("retention", () => {
  test("removes what is too old when the daemon starts, and nothing that is not finished", async () => {
    const clock = settableClock();
    await using node = await openTestNode({ clock });
    const old = await node.start("exit 0");
    await ended(old);
    const running = await node.start("exec sleep 600");
    clock.set(Date.now() + 3_600_000);
    await node.reopen({ retention: { maxAgeMs: 60_000 } });
    await eventually("the old unit is gone", () => node.units.list()[old.id] === undefined);
    expect(existsSync(old.folder.dir)).toBe(false);
    expect(node.units.get(running.id).isFinal).toBe(false);
    expect(processesOfUnit(running.id).length).toBeGreaterThan(0);
  });

  test("keeps the youngest of too many, and of too many bytes", async () => {
    await using node = await openTestNode();
    const ids = [];
    for (let n = 0; n < 4; n++) {
      const unit = await node.start("head -c 1000 /dev/zero");
      await ended(unit);
      ids.push(unit.id);
    }
    await node.reopen({ retention: { maxUnits: 3 } });
    await eventually("one is gone", () => Object.keys(node.units.list()).length === 3);
    expect(Object.keys(node.units.list())).toEqual(ids.slice(1));
    await node.reopen({ retention: { maxBytes: 2_000 } });
    await eventually("another is gone", () => Object.keys(node.units.list()).length === 2);
    expect(Object.keys(node.units.list())).toEqual(ids.slice(2));
  });
});

describe("openUnits()", () => {
  test("makes private folders, and refuses a data folder it cannot use", async () => {
    await using folder = await tempFolder();
    writeFileSync(folder.file("file"), "");
    await expect(openTestNode({ folder, dataDir: folder.file("file/data") })).rejects.toMatchObject({
      code: "STORAGE_FAILED",
      message: expect.stringContaining(`data folder ${folder.file("file/data")} cannot be used`),
    });
    chmodSync(folder.path, 0o755);
    await using node = await openTestNode({ folder, dataDir: folder.file("data") });
    expect(await node.run("exit 0")).toMatchObject({ State: UnitState.Succeeded });
    execFileSync("sh", ["-c", `test -z "$(find ${node.dataDir}/alpha ${node.dataDir}/.farhand -perm /077 ! -type s)"`]);
  });
});
