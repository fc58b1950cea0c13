import { describe, expect, test } from "vitest";
import type { ProcessEnd, ProcessRecord } from "../unit/process-record.ts";
import { UnitState, type UnitStatus } from "../wire.ts";
import { type EndedUnit, finalStatus } from "./final-status.ts";

const boot = "this-boot";
const launch = {
  reaper: { pid: 10, startTicks: 1000, bootId: boot },
  command: { pid: 11, startTicks: 1001, bootId: boot },
};
const exit = (waitStatus: number): ProcessEnd => ({ kind: "exit", uptime: 12.5, waitStatus, left: false });
const record = (end?: ProcessEnd): ProcessRecord => ({ fence: 1, launch, ...(end && { end }) });
const running: UnitStatus = {
  State: UnitState.Running,
  Detail: "Running: PID 11",
  StdoutSize: 3,
  WorkType: "x",
  ExtraData: { Pid: 10, Params: "" },
  CreatedAt: "2024-05-06T07:08:00.000Z",
  StartedAt: "2024-05-06T07:08:01.000Z",
};
const command = { runner: "command", command: "sh", cancelGraceMs: 0 } as const;
const plugin = { ...command, runner: "plugin" } as const;
const digest = { bytes: 5, sha256: "ab".repeat(32) };

const ended = (about: Partial<EndedUnit>): UnitStatus =>
  finalStatus({
    status: running,
    record: record(exit(0)),
    minding: command,
    written: undefined,
    output: digest,
    finishedAt: Date.parse("2024-05-06T07:08:09.000Z"),
    reaped: 0,
    leftRunning: 0,
    bootId: boot,
    ...about,
  });

describe("finalStatus()", () => {
  test("says all that is known of a unit that exited", () => {
    expect(ended({})).toEqual({
      ...running,
      State: UnitState.Succeeded,
      Detail: "exit status 0",
      StdoutSize: 5,
      ExitCode: 0,
      Cause: "EXITED",
      StdoutSha256: digest.sha256,
      FinishedAt: "2024-05-06T07:08:09.000Z",
      RunSeconds: 2.49,
    });
  });

  test.each([
    [4, { State: UnitState.Failed, Cause: "OUTPUT_LIMIT", ExitCode: 0 }],
    [5, { State: UnitState.Succeeded, Cause: "EXITED" }],
  ])("keeps a limit of %i bytes on 5 bytes of output that nobody saw grow", (maxOutputBytes, expected) => {
    expect(ended({ minding: { ...command, maxOutputBytes } })).toMatchObject(expected);
  });

  test("never says that a command ran less than no time", () => {
    expect(ended({ record: record({ ...exit(0), uptime: 1 }) }).RunSeconds).toBe(0);
  });

  test("gives a command that was over before it was seen the start that its run time tells", () => {
    const { StartedAt, ...unseen } = running;
    expect(ended({ status: unseen }).StartedAt).toBe("2024-05-06T07:08:06.510Z");
    const made = { ...unseen, CreatedAt: "2024-05-06T07:08:07.000Z" };
    expect(ended({ status: made }).StartedAt).toBe(made.CreatedAt);
    const failed = record({ kind: "failed", uptime: 12.5, errno: 2, stage: "exec" });
    expect(ended({ status: unseen, record: failed })).not.toHaveProperty("StartedAt");
  });

  test("drops what was only wanted while it ran", () => {
    const final = ended({ status: { ...running, Stopping: "CANCELED", Queued: true } });
    expect(final).not.toHaveProperty("Stopping");
    expect(final).not.toHaveProperty("Queued");
    expect(final).toMatchObject({ State: UnitState.Canceled, Cause: "CANCELED", ExitCode: 0 });
  });

  test("counts what was reaped and what still runs", () => {
    expect(ended({ reaped: 2, leftRunning: 1 })).toMatchObject({ Reaped: 2, LeftRunning: 1 });
    expect(ended({})).not.toHaveProperty("Reaped");
    expect(ended({})).not.toHaveProperty("LeftRunning");
  });

  test("admits that nobody saw the exit", () => {
    const unknown = { State: UnitState.Failed, Cause: "EXIT_UNKNOWN" };
    expect(ended({ record: record() })).toMatchObject(unknown);
    expect(ended({ record: undefined })).toMatchObject(unknown);
    expect(ended({ record: record() })).not.toHaveProperty("ExitCode");
    expect(ended({ record: record() })).not.toHaveProperty("RunSeconds");
  });

  test("knows a restart of the machine", () => {
    expect(ended({ record: record(), bootId: "next-boot" })).toMatchObject({
      State: UnitState.Failed,
      Detail: "the machine restarted while the unit ran",
      Cause: "HOST_RESTARTED",
    });
    expect(ended({ record: record(exit(0)), bootId: "next-boot" })).toMatchObject({ Cause: "EXITED" });
  });

  test("believes a cancel that left no exit behind", () => {
    const status = { ...running, Stopping: "CANCELED" } as const;
    expect(ended({ status, record: record() })).toMatchObject({ State: UnitState.Canceled, Cause: "CANCELED" });
  });

  test("calls nothing a success whose output is not safe on disk", () => {
    expect(ended({ output: new Error("EIO: i/o error, read") })).toMatchObject({
      State: UnitState.Failed,
      Detail: "the output could not be stored: EIO: i/o error, read",
      Cause: "STORAGE_FAILED",
      ExitCode: 0,
      StdoutSize: 3,
    });
  });
});

describe("finalStatus() of a plugin runner", () => {
  const written = { ...running, State: UnitState.Failed, Detail: "Error: no such host", StdoutSize: 5 };

  test("is what the runner wrote, when it exited by itself", () => {
    const status = ended({ minding: plugin, written });
    expect(status).toMatchObject({
      State: UnitState.Failed,
      Detail: "Error: no such host",
      ExitCode: 0,
      Cause: "RUNNER_REPORTED",
    });
  });

  test.each([
    ["it exited with a code", { record: record(exit(256)) }, { State: UnitState.Failed, ExitCode: 1, Cause: "EXITED" }],
    ["it was killed", { record: record(exit(9)) }, { State: UnitState.Failed, Cause: "SIGNALED" }],
    ["it was cancelled", { status: { ...running, Stopping: "CANCELED" as const } }, { State: UnitState.Canceled }],
  ])("is its process's own ending when %s", (_, about, expected) => {
    expect(ended({ minding: plugin, written: { ...written, State: UnitState.Succeeded }, ...about })).toMatchObject(
      expected,
    );
  });

  test.each([
    ["it wrote no ending", { ...running, Detail: "Running" }, "(last: Running)"],
    ["its status cannot be read", undefined, "(last: nothing)"],
  ])("is no success when %s, although it exited with 0", (_, last, said) => {
    const status = ended({ minding: plugin, written: last });
    expect(status).toMatchObject({ State: UnitState.Failed, ExitCode: 0, Cause: "RUNNER_REPORTED" });
    expect(status.Detail).toContain(said);
  });

  test("is not what a command writes into its own status file", () => {
    expect(ended({ written })).toMatchObject({ State: UnitState.Succeeded, Cause: "EXITED" });
  });
});
