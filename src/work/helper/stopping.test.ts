import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { isRunning, startProcess } from "../../../test/kit/processes.ts";
import {
  builtHelpers,
  ended,
  eventually,
  kill,
  openTestNode,
  outputOf,
  patience,
  processesOfUnit,
  shell,
  type Unit,
  written,
} from "../../../test/kit/units.ts";
import { identityOf } from "../unit/process-table.ts";
import { UnitState } from "../wire.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
beforeAll(builtHelpers);

const quick = { ...shell, cancelGraceMs: 300 };
const release = () => ({ force: false, signal: patience() });

/** Nothing of the unit is left in the process table, its reaper included. */
async function checkNothingRuns(unit: Unit): Promise<void> {
  await eventually(`the reaper of ${unit.id} leaves`, () => processesOfUnit(unit.id).length === 0);
}

describe("cancel()", () => {
  test("ends a command by SIGINT and does not wait out the grace", async () => {
    await using node = await openTestNode({ workTypes: [{ ...shell, cancelGraceMs: 3_600_000 }] });
    const unit = await node.start("echo up; exec sleep 600");
    await written(unit, "up");
    await node.units.cancel(unit.id, patience());
    expect(unit.status).toMatchObject({
      State: UnitState.Canceled,
      Detail: "Canceled",
      Cause: "CANCELED",
      Signal: "SIGINT",
    });
    expect(unit.status).not.toHaveProperty("Reaped");
    expect(unit.status).not.toHaveProperty("Stopping");
    await checkNothingRuns(unit);
  });

  test("lets a command tidy up, and keeps its exit code", async () => {
    await using node = await openTestNode({ workTypes: [{ ...shell, cancelGraceMs: 3_600_000 }] });
    const unit = await node.start("trap 'echo tidied; exit 7' INT; echo up; while :; do sleep 0.02; done");
    await written(unit, "up");
    await node.units.cancel(unit.id, patience());
    expect(unit.status).toMatchObject({ State: UnitState.Canceled, Cause: "CANCELED", ExitCode: 7, StdoutSize: 10 });
    expect(outputOf(unit)).toBe("up\ntidied\n");
  });

  test("leaves a child of the command the rest of the grace to tidy up in", async () => {
    await using node = await openTestNode({ workTypes: [{ ...shell, cancelGraceMs: 60_000 }] });
    const child = `trap "sleep 1.5; echo saved; exit 0" INT; echo up; while :; do sleep 0.02; done`;
    const unit = await node.start(`perl -e 'exec "bash", "-c", $ARGV[0] unless fork; exec "sleep", "600"' '${child}'`);
    await written(unit, "up");
    await node.units.cancel(unit.id, patience());
    expect(outputOf(unit)).toBe("up\nsaved\n");
    expect(unit.status).not.toHaveProperty("Reaped");
    await checkNothingRuns(unit);
  });

  test("kills a command that ignores SIGINT after the grace, and counts it", async () => {
    await using node = await openTestNode({ workTypes: [quick] });
    const unit = await node.start("trap '' INT TERM; echo up; while :; do sleep 0.02; done");
    await written(unit, "up");
    await node.units.cancel(unit.id, patience());
    expect(unit.status).toMatchObject({ State: UnitState.Canceled, Cause: "CANCELED", Signal: "SIGKILL" });
    expect(unit.status.Reaped).toBeGreaterThanOrEqual(1);
    await checkNothingRuns(unit);
  });

  test("ends the whole tree: background jobs, other sessions, orphans, and what hides its mark", async () => {
    await using node = await openTestNode({ workTypes: [quick] });
    const deaf = "trap '' INT TERM HUP; echo deaf; while :; do sleep 0.05; done";
    const unit = await node.start(`
      sleep 601 &
      setsid sh -c "sleep 602 & echo orphan; exec sleep 603" &
      (setsid sh -c "${deaf}" &)
      setsid env -i /bin/sh -c '/bin/sleep 604 & exec /bin/sleep 605' &
      echo up; wait`);
    for (const word of ["up", "orphan", "deaf"]) await written(unit, word);
    const sleepers = () => processesNamed(/^(\/bin\/)?sleep 60[1-5]$/);
    await eventually("all of them run", () => sleepers().length === 5);
    await node.units.cancel(unit.id, patience());
    expect(unit.status).toMatchObject({ State: UnitState.Canceled, Cause: "CANCELED" });
    expect(unit.status.Reaped).toBeGreaterThanOrEqual(1);
    expect(sleepers()).toEqual([]);
    await checkNothingRuns(unit);
  });

  test("does nothing to a unit that is over, and refuses one that is unknown", async () => {
    await using node = await openTestNode();
    const unit = await node.start("exit 3");
    const status = await ended(unit);
    await node.units.cancel(unit.id, patience());
    expect(unit.status).toEqual(status);
    await expect(node.units.cancel("Ab3dEf9h", patience())).rejects.toMatchObject({ code: "UNIT_NOT_FOUND" });
  });

  test("ends a unit that still waits for its payload, which then starts nothing", async () => {
    await using node = await openTestNode();
    const unit = node.units.allocate({ workType: "sh", params: { params: "'echo ran'" } });
    await node.units.cancel(unit.id, patience());
    expect(unit.status).toMatchObject({ State: UnitState.Canceled, Cause: "CANCELED" });
    await node.units.receive(unit, (async function* () {})());
    expect(() => node.units.start(unit)).toThrow(expect.objectContaining({ code: "START_FAILED" }));
    expect(unit.status).toMatchObject({ State: UnitState.Canceled, Detail: "Canceled" });
    expect(existsSync(unit.folder.stdout)).toBe(false);
  });

  test("stops waiting with its signal; the unit ends all the same", async () => {
    await using node = await openTestNode({ workTypes: [{ ...shell, cancelGraceMs: 1_000 }] });
    const unit = await node.start("trap '' INT; echo up; while :; do sleep 0.02; done");
    await written(unit, "up");
    const impatient = new AbortController();
    const cancelling = node.units.cancel(unit.id, impatient.signal);
    impatient.abort(new Error("gone"));
    await expect(cancelling).rejects.toThrow("gone");
    expect(await ended(unit)).toMatchObject({ State: UnitState.Canceled });
  });

  test("and start() at once end in one truth: cancelled units ran not at all or were stopped", async () => {
    await using node = await openTestNode({ workTypes: [quick] });
    const units = await Promise.all(
      Array.from({ length: 30 }, async () => {
        const unit = node.units.allocate({ workType: "sh", params: { params: "'exec sleep 600'" } });
        await node.units.receive(unit, (async function* () {})());
        await Promise.all([node.units.start(unit).catch(() => undefined), node.units.cancel(unit.id, patience())]);
        return unit;
      }),
    );
    for (const unit of units) {
      expect(unit.status).toMatchObject({ State: UnitState.Canceled, Cause: "CANCELED" });
      await checkNothingRuns(unit);
    }
    // A helper that still minded one of them would never leave.
    const [pid] = node.units.helperPids;
    node.close();
    await eventually("the helper leaves", () => pid !== undefined && !isRunning(pid));
    await node.reopen();
    for (const { id } of units) expect(node.units.get(id).status.State).toBe(UnitState.Canceled);
  });
});

describe("release()", () => {
  test("ends what a finished unit left running, and deletes its folder", async () => {
    await using node = await openTestNode();
    const unit = await node.start("setsid sleep 600 & trap '' INT; sleep 600 & echo left");
    expect(await ended(unit)).toMatchObject({ State: UnitState.Succeeded, LeftRunning: 2 });
    await node.units.release(unit.id, release());
    await checkNothingRuns(unit);
    expect(existsSync(unit.folder.dir)).toBe(false);
    expect(() => node.units.get(unit.id)).toThrow(`unknown work unit ${unit.id}`);
    expect(readdirSync(node.unitsDir)).toEqual([]);
  });

  test("ends it also when its reaper was killed", async () => {
    await using node = await openTestNode();
    const unit = await node.start("setsid sleep 600 & sleep 600 & echo left");
    await ended(unit);
    const reaper = processesOfUnit(unit.id).find(({ command }) => command.startsWith("farhand-reaper"));
    await kill(reaper?.pid ?? 0);
    expect(processesOfUnit(unit.id)).toHaveLength(2);
    await node.units.release(unit.id, release());
    await checkNothingRuns(unit);
  });

  test("cancels a unit that runs", async () => {
    await using node = await openTestNode({ workTypes: [quick] });
    const unit = await node.start("sleep 600 & echo up; wait");
    await written(unit, "up");
    await node.units.release(unit.id, release());
    expect(unit.status).toMatchObject({ State: UnitState.Canceled });
    await checkNothingRuns(unit);
    expect(existsSync(unit.folder.dir)).toBe(false);
  });

  test("at once with cancel, results and another release leaves nothing and fails nobody", async () => {
    await using node = await openTestNode({ workTypes: [quick] });
    const unit = await node.start("echo up; exec sleep 600");
    await written(unit, "up");
    const follow = async () => {
      let text = "";
      for await (const chunk of node.units.results(unit, 0, patience())) text += Buffer.from(chunk).toString();
      return text;
    };
    const [text] = await Promise.all([
      follow(),
      node.units.release(unit.id, release()),
      node.units.cancel(unit.id, patience()),
      node.units.release(unit.id, release()),
      node.units.release(unit.id, { ...release(), force: true }),
    ]);
    expect(text).toBe("up\n");
    await checkNothingRuns(unit);
    expect(node.units.list()).toEqual({});
    expect(readdirSync(node.unitsDir)).toEqual([]);
  });

  test("of a unit whose folder somebody deleted forgets it, and still ends its processes", async () => {
    await using node = await openTestNode({ workTypes: [quick] });
    const unit = await node.start("echo up; exec sleep 600");
    await written(unit, "up");
    rmSync(unit.folder.dir, { recursive: true });
    await node.units.release(unit.id, release());
    await checkNothingRuns(unit);
    expect(node.units.list()).toEqual({});
  });

  test("takes no process for the unit's own that only has the pid of its reaper", async () => {
    await using node = await openTestNode();
    const unit = await node.start("exit 0");
    await ended(unit);
    // As if the pids had come round: somebody else leads a session of that number, started later.
    await using stranger = await startProcess("setsid", ["-w", "sh", "-c", "echo $$; exec sleep 600"]);
    const pid = Number(await stranger.line(/^\d+$/, patience()));
    const { startTicks, bootId } = identityOf(pid) ?? { startTicks: 0, bootId: "" };
    const record = readFileSync(unit.folder.process, "latin1");
    const launch = `launch 1 ${pid} ${startTicks - 5} ${pid} ${startTicks - 5} ${bootId}`;
    writeFileSync(unit.folder.process, `${record.slice(0, 128)}${launch.padEnd(127)}\n${record.slice(256)}`);
    await node.units.release(unit.id, release());
    expect(isRunning(pid)).toBe(true);
    await kill(pid);
  });
});

function processesNamed(pattern: RegExp): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
      } catch {
        return "";
      }
    })
    .filter((command) => pattern.test(command));
}
