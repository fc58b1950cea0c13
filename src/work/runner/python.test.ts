import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import {
  builtHelpers,
  ended,
  eventually,
  openTestNode,
  outputOf,
  patience,
  processesOfUnit,
  written,
} from "../../../test/kit/units.ts";
import type { PythonSettings } from "../settings.ts";
import { UnitState } from "../wire.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const programs = join(import.meta.dirname, "../../../test/kit/python-worker");

beforeAll(async () => {
  await builtHelpers();
  vi.stubEnv("PATH", `${programs}:${process.env["PATH"]}`);
});
afterAll(() => void vi.unstubAllEnvs());

const plugin = (name: string): PythonSettings => ({
  kind: "python",
  workType: name,
  plugin: "demo",
  function: name,
  config: { greeting: "hello" },
  cancelGraceMs: 2_000,
});
const workTypes = ["echo", "fail", "crash", "forget", "hang"].map(plugin);
const open = () => openTestNode({ workTypes });

describe("a unit of a Python plugin", () => {
  test("gets config, params and payload, and ends as its runner wrote", async () => {
    await using node = await open();
    const unit = await node.start("", { type: "echo", params: "it's a 'param", input: "payload\n" });
    const status = await ended(unit);
    const output = "hello it's a 'param payload\n";
    expect(outputOf(unit)).toBe(output);
    expect(status).toMatchObject({
      State: UnitState.Succeeded,
      Detail: "Finished",
      Cause: "RUNNER_REPORTED",
      ExitCode: 0,
      WorkType: "echo",
      StdoutSize: output.length,
      StdoutSha256: createHash("sha256").update(output).digest("hex"),
      ExtraData: { Params: "it's a 'param" },
    });
    expect(JSON.parse(readFileSync(unit.folder.status, "utf8"))).toEqual(status);
    expect(readFileSync(join(unit.folder.dir, "runner.log"), "utf8")).toBe("a line of its own log\n");
  });

  test("that failed is Failed, though its runner exits with 0", async () => {
    await using node = await open();
    expect(await node.run("", { type: "fail", params: "" })).toMatchObject({
      State: UnitState.Failed,
      Detail: "Traceback: no such host",
      Cause: "RUNNER_REPORTED",
      StdoutSize: 17,
    });
  });

  test("whose runner breaks down has the runner's own exit", async () => {
    await using node = await open();
    expect(await node.run("", { type: "crash", params: "" })).toMatchObject({
      State: UnitState.Failed,
      Detail: "exit status 3",
      ExitCode: 3,
      Cause: "EXITED",
    });
  });

  test("whose runner says nothing about its end did not succeed", async () => {
    await using node = await open();
    expect(await node.run("", { type: "forget", params: "" })).toMatchObject({
      State: UnitState.Failed,
      Detail: "the plugin runner exited without saying how it went (last: Running)",
      Cause: "RUNNER_REPORTED",
    });
  });

  test("shows what its runner says while it runs, and can be cancelled", async () => {
    await using node = await open();
    const unit = await node.start("", { type: "hang", params: "" });
    await written(unit, "up");
    await eventually("the runner's words are shown", () => unit.status.Detail === "Half way there");
    expect(unit.report()).toMatchObject({ StateName: "Running", StdoutSize: 3 });
    await node.units.cancel(unit.id, patience());
    expect(unit.status).toMatchObject({
      State: UnitState.Canceled,
      Detail: "Canceled",
      Cause: "CANCELED",
      Signal: "SIGINT",
    });
    await eventually("nothing is left", () => processesOfUnit(unit.id).length === 0);
  });

  test("goes on over a restart of daemon and helper", async () => {
    await using node = await open();
    const unit = await node.start("", { type: "hang", params: "" });
    await written(unit, "up");
    await node.reopen();
    const [helper] = node.units.helperPids;
    process.kill(helper ?? 0, "SIGKILL");
    const again = node.units.get(unit.id);
    await again.until(({ State }) => State === UnitState.Running, patience());
    await node.units.cancel(unit.id, patience());
    expect(again.status).toMatchObject({ State: UnitState.Canceled, Cause: "CANCELED" });
  });

  test("of a runner that is not installed fails and names it", async () => {
    vi.stubEnv("PATH", "/usr/bin:/bin");
    await using node = await open();
    await expect(node.start("", { type: "echo", params: "" })).rejects.toThrow(
      'exec: "receptor-python-worker": executable file not found in $PATH',
    );
    vi.stubEnv("PATH", `${programs}:${process.env["PATH"]}`);
  });
});
