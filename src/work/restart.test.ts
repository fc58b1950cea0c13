import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { isRunning } from "../../test/kit/processes.ts";
import { tempFolder } from "../../test/kit/temp-folder.ts";
import {
  builtHelpers,
  ended,
  eventually,
  helpersIn,
  kill,
  openTestNode,
  outputOf,
  patience,
  processesOfUnit,
  shell,
  type TestNode,
  type Unit,
  written,
} from "../../test/kit/units.ts";
import { startUnitsDaemon } from "../../test/kit/units-daemon.ts";
import { readRecord } from "./unit/process-record.ts";
import { UnitState } from "./wire.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
beforeAll(builtHelpers);

const launchOf = (unit: Unit) => {
  const launch = readRecord(unit.folder.process)?.launch;
  if (!launch) throw new Error("the command was launched");
  return launch;
};

const killReaper = (unit: Unit) => kill(launchOf(unit).reaper.pid);

async function killHelpers(node: TestNode): Promise<void> {
  for (const { pid } of helpersIn(node.dataDir)) await kill(pid);
}

/** Says `up`, goes on when the file `go` is there, then exits with 42. */
const patientScript = (node: { folder: TestNode["folder"] }) =>
  `echo up; until [ -e ${node.folder.file("go")} ]; do sleep 0.02; done; echo over; exit 42`;

const letGo = (node: { folder: TestNode["folder"] }) => writeFileSync(node.folder.file("go"), "");

const exited42 = { State: UnitState.Failed, Detail: "exit status 42", ExitCode: 42, Cause: "EXITED", StdoutSize: 8 };

describe("after a restart of the daemon", () => {
  test("finished units stand as they were", async () => {
    await using node = await openTestNode();
    const statuses = [await node.run("exit 0"), await node.run("exit 3"), await node.run("kill -9 $$")];
    await node.reopen();
    expect(Object.values(node.units.list())).toMatchObject(statuses);
  });

  test("a running unit goes on in the same helper, and ends as it would have", async () => {
    await using node = await openTestNode();
    const { id } = await node.start(patientScript(node));
    const helpers = node.units.helperPids;
    await node.reopen();
    const unit = node.units.get(id);
    await unit.until(({ State }) => State === UnitState.Running, patience());
    expect(node.units.helperPids).toEqual(helpers);
    letGo(node);
    expect(await ended(unit)).toMatchObject(exited42);
    expect(outputOf(unit)).toBe("up\nover\n");
  });

  test("a unit that ended meanwhile has its own ending", async () => {
    await using node = await openTestNode();
    const unit = await node.start(patientScript(node));
    node.close();
    letGo(node);
    await eventually(
      "the helper writes the ending",
      () => JSON.parse(readFileSync(unit.folder.status, "utf8")).State > 1,
    );
    await node.reopen();
    expect(node.units.get(unit.id).status).toMatchObject(exited42);
  });

  test("a helper of another version finishes its units and leaves; new units go to a new one", async () => {
    await using node = await openTestNode();
    const { id } = await node.start(patientScript(node));
    const [old] = node.units.helperPids;
    await node.reopen({ version: "2" });
    expect(await node.run("exit 5")).toMatchObject({ ExitCode: 5 });
    expect(node.units.helperPids).toHaveLength(2);
    letGo(node);
    expect(await ended(node.units.get(id))).toMatchObject(exited42);
    await eventually("the old helper leaves", () => old !== undefined && !isRunning(old));
  });

  test("a unit whose type is configured no longer still ends as it does, and can be released", async () => {
    await using node = await openTestNode();
    const { id } = await node.start(patientScript(node));
    await node.reopen({ workTypes: [] });
    letGo(node);
    expect(await ended(node.units.get(id))).toMatchObject(exited42);
    await node.units.release(id, { force: false, signal: patience() });
    expect(node.units.list()).toEqual({});
  });

  test("a second daemon on the same folder is refused, and the first goes on", async () => {
    await using node = await openTestNode();
    await expect(openTestNode({ folder: node.folder, dataDir: node.dataDir })).rejects.toMatchObject({
      code: "DATA_DIR_IN_USE",
      message: `another daemon runs node alpha in ${node.dataDir}`,
    });
    expect(await node.run("exit 0")).toMatchObject({ State: UnitState.Succeeded });
    node.close();
    await node.reopen();
  });
});

describe("after the daemon was killed", () => {
  test("a running unit goes on, and ends as it would have", async () => {
    await using folder = await tempFolder();
    const daemon = await startUnitsDaemon(folder.path);
    const id = await daemon.submit(patientScript({ folder }));
    await daemon.stop("SIGKILL");
    await using node = await openTestNode({ folder });
    const unit = node.units.get(id);
    await unit.until(({ State }) => State === UnitState.Running, patience());
    letGo({ folder });
    expect(await ended(unit)).toMatchObject(exited42);
  });

  test("a unit between creation and start never ran, and says so", async () => {
    await using folder = await tempFolder();
    const daemon = await startUnitsDaemon(folder.path);
    const id = await daemon.submit("echo ran", { input: "payload", hold: true });
    await daemon.stop("SIGKILL");
    await using node = await openTestNode({ folder });
    const unit = node.units.get(id);
    const pending = { State: UnitState.Failed, Detail: "Pending at restart", Cause: "NOT_STARTED" };
    expect(unit.status).toMatchObject(pending);
    expect(existsSync(unit.folder.stdout)).toBe(false);
    await node.reopen();
    expect(node.units.get(id).status).toMatchObject(pending);
  });

  test("together with its helpers, a unit goes on, and a new helper sees its end", async () => {
    await using folder = await tempFolder();
    const daemon = await startUnitsDaemon(folder.path);
    const id = await daemon.submit(patientScript({ folder }));
    await daemon.stop("SIGKILL");
    for (const { pid } of helpersIn(folder.path)) await kill(pid);
    await using node = await openTestNode({ folder });
    const unit = node.units.get(id);
    expect(unit.isFinal).toBe(false);
    letGo({ folder });
    expect(await ended(unit)).toMatchObject(exited42);
  });

  test("together with its helpers, a unit that ends while all are dead has its exit code", async () => {
    await using folder = await tempFolder();
    const daemon = await startUnitsDaemon(folder.path);
    const ids: string[] = [];
    for (let code = 0; code < 5; code++) {
      ids.push(await daemon.submit(`${patientScript({ folder })} & wait; head -c 100000 /dev/zero; exit ${code}`));
    }
    const killed = await daemon.submit(`${patientScript({ folder })} & wait; kill -9 $$`);
    await daemon.stop("SIGKILL");
    for (const { pid } of helpersIn(folder.path)) await kill(pid);
    letGo({ folder });
    await eventually("their reapers leave", () => [...ids, killed].every((id) => processesOfUnit(id).length === 0));
    await using node = await openTestNode({ folder });
    for (const [code, id] of ids.entries()) {
      const status = await ended(node.units.get(id));
      const output = readFileSync(node.units.get(id).folder.stdout);
      expect(status).toMatchObject({ ExitCode: code, Cause: "EXITED", StdoutSize: output.length });
      expect(status.StdoutSha256).toBe(createHash("sha256").update(output).digest("hex"));
    }
    expect(await ended(node.units.get(killed))).toMatchObject({ Cause: "SIGNALED", Signal: "SIGKILL" });
  });

  test("a unit that waits for a place keeps waiting, and runs when its turn comes", async () => {
    await using folder = await tempFolder();
    const narrow = { ...shell, maxUnits: 1 };
    const daemon = await startUnitsDaemon(folder.path, [narrow]);
    const first = await daemon.submit(patientScript({ folder }));
    const second = await daemon.submit("cat; exit 7", { input: "kept payload" });
    await daemon.stop("SIGKILL");
    await using node = await openTestNode({ folder, workTypes: [narrow] });
    expect(node.units.get(second).status).toMatchObject({ State: UnitState.Pending, Queued: true });
    letGo({ folder });
    expect(await ended(node.units.get(first))).toMatchObject(exited42);
    expect(await ended(node.units.get(second))).toMatchObject({ ExitCode: 7 });
    expect(outputOf(node.units.get(second))).toBe("kept payload");
  });

  test("in the middle of a cancel, the next one still knows why the command ended", async () => {
    await using folder = await tempFolder();
    await using node = await openTestNode({ folder, workTypes: [{ ...shell, cancelGraceMs: 3_600_000 }] });
    const unit = await node.start("trap '' INT; echo up; while :; do sleep 0.02; done");
    await written(unit, "up");
    const leaving = new AbortController();
    const cancelling = node.units.cancel(unit.id, leaving.signal);
    await eventually("the wish is on disk", () => readFileSync(unit.folder.status, "utf8").includes('"Stopping"'));
    leaving.abort(new Error("gone"));
    await expect(cancelling).rejects.toThrow("gone");
    node.close();
    await killHelpers(node);
    process.kill(launchOf(unit).command.pid, "SIGTERM");
    await eventually("the reaper leaves", () => processesOfUnit(unit.id).length === 0);
    await node.reopen();
    expect(await ended(node.units.get(unit.id))).toMatchObject({
      State: UnitState.Canceled,
      Cause: "CANCELED",
      Signal: "SIGTERM",
    });
  });
});

describe("when a helper is killed", () => {
  test("its units go on under another, and end as they would have", async () => {
    await using node = await openTestNode();
    const units = await Promise.all([1, 2, 3].map(() => node.start(patientScript(node))));
    await killHelpers(node);
    letGo(node);
    for (const unit of units) expect(await ended(unit)).toMatchObject(exited42);
    expect(node.units.helperPids).toHaveLength(1);
  });

  test("units that it had not started are started once, by another", async () => {
    await using node = await openTestNode();
    const log = node.folder.file("ran");
    for (let round = 0; round < 5; round++) {
      const running = Array.from({ length: 8 }, (_, n) => node.run(`echo ${round}.${n} >> ${log}; exit ${n}`));
      await killHelpers(node);
      const statuses = await Promise.all(running);
      expect(statuses.map(({ ExitCode }) => ExitCode)).toEqual(statuses.map((_, n) => n));
    }
    const ran = readFileSync(log, "utf8").trim().split("\n");
    expect(new Set(ran).size).toBe(40);
    expect(ran).toHaveLength(40);
  });

  test("because it hung, what it was given runs once under another", async () => {
    await using node = await openTestNode();
    const running = await node.start(patientScript(node));
    const [hanging] = node.units.helperPids;
    process.kill(hanging ?? 0, "SIGSTOP");
    const log = node.folder.file("ran");
    expect(await node.run(`echo ran >> ${log}; exit 8`)).toMatchObject({ ExitCode: 8, Cause: "EXITED" });
    expect(readFileSync(log, "utf8")).toBe("ran\n");
    expect(node.units.helperPids).not.toContain(hanging);
    letGo(node);
    expect(await ended(running)).toMatchObject(exited42);
  });

  test("in the middle of a cancel, the cancel is finished by another", async () => {
    await using node = await openTestNode({ workTypes: [{ ...shell, cancelGraceMs: 400 }] });
    const unit = await node.start("trap '' INT TERM; echo up; while :; do sleep 0.02; done");
    await written(unit, "up");
    const cancelling = node.units.cancel(unit.id, patience());
    await eventually("the wish is on disk", () => readFileSync(unit.folder.status, "utf8").includes('"Stopping"'));
    await killHelpers(node);
    await cancelling;
    expect(unit.status).toMatchObject({ State: UnitState.Canceled, Cause: "CANCELED", Signal: "SIGKILL" });
    await eventually("nothing is left", () => processesOfUnit(unit.id).length === 0);
  });

  test("between the signal of a cancel and the end it brings, the unit is cancelled all the same", async () => {
    await using node = await openTestNode();
    const unit = await node.start(`trap "${patientScript(node)}" INT; echo up; while :; do sleep 0.02; done`);
    await written(unit, "up\n");
    const cancelling = node.units.cancel(unit.id, patience());
    await written(unit, "up\nup\n");
    // It sees nothing of the end, so that whoever takes over finds a command that is over.
    for (const { pid } of helpersIn(node.dataDir)) process.kill(pid, "SIGSTOP");
    letGo(node);
    await eventually("the exit is on disk", () => readRecord(unit.folder.process)?.end !== undefined);
    await killHelpers(node);
    await cancelling;
    expect(unit.status).toMatchObject({ State: UnitState.Canceled, Cause: "CANCELED", ExitCode: 42 });
  });

  test("the limits of its units still hold", async () => {
    await using node = await openTestNode({ workTypes: [{ ...shell, maxRunMs: 1_500 }] });
    const unit = await node.start("exec sleep 600");
    await killHelpers(node);
    expect(await ended(unit)).toMatchObject({ State: UnitState.Failed, Cause: "RUN_TIME_LIMIT" });
  });

  test("and none can be started, its units go on, and are minded again as soon as one can", async () => {
    await using node = await openTestNode();
    const unit = await node.start(patientScript(node));
    const helpers = `${node.dataDir}/.farhand/alpha/helpers`;
    renameSync(helpers, `${helpers}.away`);
    const [pid] = node.units.helperPids;
    await kill(pid ?? 0);
    await eventually("the daemon knows", () => node.units.helperPids.length === 0);
    letGo(node);
    await eventually("the reaper leaves", () => processesOfUnit(unit.id).length === 0);
    expect(unit.isFinal).toBe(false);
    renameSync(`${helpers}.away`, helpers);
    expect(await ended(unit)).toMatchObject(exited42);
  });
});

describe("when the launcher is killed", () => {
  test("running units are not disturbed, and new ones get a new launcher", async () => {
    await using node = await openTestNode();
    const unit = await node.start(patientScript(node));
    await kill(launcherOf(node));
    expect(await node.run("exit 9")).toMatchObject({ ExitCode: 9 });
    letGo(node);
    expect(await ended(unit)).toMatchObject(exited42);
  });

  test("what it may not have read is started once", async () => {
    await using node = await openTestNode();
    await node.run("exit 0");
    const log = node.folder.file("ran");
    for (let round = 0; round < 5; round++) {
      const running = Array.from({ length: 8 }, (_, n) => node.run(`echo ${round}.${n} >> ${log}; exit ${n}`));
      await eventually("there is a launcher", () => launcherOf(node)).then((pid) => kill(pid));
      const statuses = await Promise.all(running);
      expect(statuses.map(({ ExitCode }) => ExitCode)).toEqual(statuses.map((_, n) => n));
    }
    const ran = readFileSync(log, "utf8").trim().split("\n");
    expect(new Set(ran).size).toBe(40);
    expect(ran).toHaveLength(40);
  });
});

describe("when the reaper is killed", () => {
  test("the orphan is still Running, and its exit is nobody's to know", async () => {
    await using node = await openTestNode();
    const unit = await node.start(patientScript(node));
    await written(unit, "up");
    const { command } = launchOf(unit);
    await killReaper(unit);
    await node.reopen();
    const again = node.units.get(unit.id);
    await again.until(({ State }) => State === UnitState.Running, patience());
    expect(isRunning(command.pid)).toBe(true);
    letGo(node);
    const status = await ended(again);
    expect(status).toMatchObject({ State: UnitState.Failed, Cause: "EXIT_UNKNOWN", StdoutSize: 8 });
    expect(status).not.toHaveProperty("ExitCode");
    expect(isRunning(command.pid)).toBe(false);
  });

  test("the orphan and all it started can still be cancelled", async () => {
    await using node = await openTestNode({ workTypes: [{ ...shell, cancelGraceMs: 300 }] });
    const unit = await node.start("trap '' INT; setsid sleep 600 & sleep 600 & echo up; wait; wait");
    await written(unit, "up");
    await killReaper(unit);
    await node.units.cancel(unit.id, patience());
    expect(unit.status).toMatchObject({ State: UnitState.Canceled, Cause: "CANCELED" });
    expect(processesOfUnit(unit.id)).toEqual([]);
  });

  test("together with its command, the unit counts what goes on running", async () => {
    await using node = await openTestNode();
    const unit = await node.start("setsid sleep 600 & echo up; wait");
    await written(unit, "up");
    await eventually("the service runs", () => processesOfUnit(unit.id).some(({ command }) => command === "sleep 600"));
    const { reaper, command } = launchOf(unit);
    process.kill(reaper.pid, "SIGSTOP");
    process.kill(command.pid, "SIGKILL");
    await kill(reaper.pid);
    expect(await ended(unit)).toMatchObject({ State: UnitState.Failed, Cause: "EXIT_UNKNOWN", LeftRunning: 1 });
  });

  test("together with its command, the unit ends with an unknown exit", async () => {
    await using node = await openTestNode();
    const unit = await node.start("exec sleep 600");
    const { reaper, command } = launchOf(unit);
    process.kill(reaper.pid, "SIGSTOP");
    process.kill(command.pid, "SIGKILL");
    await kill(reaper.pid);
    expect(await ended(unit)).toMatchObject({ State: UnitState.Failed, Cause: "EXIT_UNKNOWN" });
  });
});

/** The launcher of the node's helper. */
function launcherOf(node: TestNode): number {
  const [helper] = node.units.helperPids;
  const pids = readFileSync(`/proc/${helper}/task/${helper}/children`, "latin1").trim().split(" ");
  const found = pids.find((pid) => readFileSync(`/proc/${pid}/cmdline`, "latin1").startsWith("farhand-launcher"));
  return Number(found);
}
