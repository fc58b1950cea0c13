import { join } from "node:path";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { builtHelpers, ended, eventually, helpersIn, openTestNode, patience } from "../../../test/kit/units.ts";
import { startUnitsDaemon } from "../../../test/kit/units-daemon.ts";
import { readStatus } from "../unit/status-file.ts";
import { unitFolder } from "../unit/unit-folder.ts";
import { UnitState } from "../wire.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
beforeAll(builtHelpers);

test("a helper whose daemon never returns finishes its units, writes their endings and leaves", async () => {
  await using folder = await tempFolder();
  const daemon = await startUnitsDaemon(folder.path);
  const id = await daemon.submit("sleep 1; echo done; exit 7");
  await daemon.stop("SIGKILL");
  expect(helpersIn(folder.path)).toHaveLength(1);
  await eventually("the helper leaves", () => helpersIn(folder.path).length === 0);
  expect(readStatus(unitFolder(join(folder.path, "alpha"), id))).toMatchObject({
    State: UnitState.Failed,
    ExitCode: 7,
    StdoutSize: 5,
    Cause: "EXITED",
  });
});

describe("a busy helper", () => {
  test("gets another beside it, up to the most there may be, and none is started for little work", async () => {
    await using node = await openTestNode({ unitsPerHelper: 2, maxHelpers: 2 });
    const units = [await node.start("sleep 600"), await node.start("sleep 600")];
    expect(node.units.helperPids).toHaveLength(1);
    // The third does not wait for the new helper; those that come later find it.
    units.push(await node.start("sleep 600"));
    await eventually("a second helper is there", () => node.units.helperPids.length === 2);
    for (let n = 0; n < 4; n++) units.push(await node.start("sleep 600"));
    expect(node.units.helperPids).toHaveLength(2);
    await Promise.all(units.map(({ id }) => node.units.cancel(id, patience())));
    expect(units.map(({ status }) => status.Cause)).toEqual(units.map(() => "CANCELED"));
  });
});

test("every exit code from 0 to 255 is told as it was", async () => {
  await using node = await openTestNode();
  const codes = Array.from({ length: 256 }, (_, code) => code);
  const told = await Promise.all(codes.map(async (code) => ended(await node.start(`exit ${code}`))));
  expect(told.map(({ ExitCode }) => ExitCode)).toEqual(codes);
  expect(told.map(({ Cause }) => Cause)).toEqual(codes.map(() => "EXITED"));
  expect(told.filter(({ State }) => State === UnitState.Succeeded)).toHaveLength(1);
});
