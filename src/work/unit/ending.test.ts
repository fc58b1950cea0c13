import { constants } from "node:os";
import { describe, expect, test } from "vitest";
import { UnitState } from "../wire.ts";
import { endingOf } from "./ending.ts";
import type { ProcessEnd } from "./process-record.ts";

const exit = (waitStatus: number): ProcessEnd => ({ kind: "exit", uptime: 1, waitStatus, left: false });
const failed = (name: keyof typeof constants.errno, stage: string): ProcessEnd => ({
  kind: "failed",
  uptime: 1,
  errno: constants.errno[name],
  stage,
});

describe("endingOf() a command that exited by itself", () => {
  test("is a success for exit code 0", () => {
    expect(endingOf(exit(0), undefined, "sh")).toEqual({
      State: UnitState.Succeeded,
      Detail: "exit status 0",
      ExitCode: 0,
      Cause: "EXITED",
    });
  });

  test("is a failure for every other exit code, and says which", () => {
    for (let code = 1; code <= 255; code++) {
      expect(endingOf(exit(code << 8), undefined, "sh")).toEqual({
        State: UnitState.Failed,
        Detail: `exit status ${code}`,
        ExitCode: code,
        Cause: "EXITED",
      });
    }
  });
});

describe("endingOf() a command that a signal ended", () => {
  test.each([
    ["SIGHUP", "signal: hangup"],
    ["SIGINT", "signal: interrupt"],
    ["SIGQUIT", "signal: quit"],
    ["SIGILL", "signal: illegal instruction"],
    ["SIGTRAP", "signal: trace/breakpoint trap"],
    ["SIGABRT", "signal: aborted"],
    ["SIGBUS", "signal: bus error"],
    ["SIGFPE", "signal: floating point exception"],
    ["SIGKILL", "signal: killed"],
    ["SIGUSR1", "signal: user defined signal 1"],
    ["SIGSEGV", "signal: segmentation fault"],
    ["SIGUSR2", "signal: user defined signal 2"],
    ["SIGPIPE", "signal: broken pipe"],
    ["SIGALRM", "signal: alarm clock"],
    ["SIGTERM", "signal: terminated"],
  ] as const)("says %s in Receptor's words", (Signal, Detail) => {
    const number = constants.signals[Signal];
    const State = UnitState.Failed;
    expect(endingOf(exit(number), undefined, "sh")).toEqual({ State, Detail, Signal, Cause: "SIGNALED" });
  });

  test("names every signal there is", () => {
    for (let signal = 1; signal <= 64; signal++) {
      const { Signal, Detail, ExitCode } = endingOf(exit(signal), undefined, "sh");
      expect(Signal).toMatch(/^SIG/);
      expect(constants.signals[Signal as NodeJS.Signals] ?? signal).toBe(signal);
      expect(Detail).toMatch(/^signal: /);
      expect(ExitCode).toBeUndefined();
    }
  });

  test("says so when it dumped its core", () => {
    expect(endingOf(exit(0x80 | constants.signals.SIGSEGV), undefined, "sh")).toMatchObject({
      Detail: "signal: segmentation fault (core dumped)",
      Signal: "SIGSEGV",
      CoreDumped: true,
    });
  });
});

describe("endingOf() a command that Farhand was ending", () => {
  test("is Canceled, and keeps how the command went", () => {
    const State = UnitState.Canceled;
    const canceled = { State, Detail: "Canceled", Cause: "CANCELED" };
    expect(endingOf(exit(constants.signals.SIGKILL), "CANCELED", "sh")).toEqual({ ...canceled, Signal: "SIGKILL" });
    expect(endingOf(exit(0), "CANCELED", "sh")).toEqual({ ...canceled, ExitCode: 0 });
  });

  test.each([
    ["RUN_TIME_LIMIT", "run time limit reached (signal: interrupt)"],
    ["OUTPUT_LIMIT", "output limit reached (signal: interrupt)"],
    ["PROCESS_LIMIT", "process limit reached (signal: interrupt)"],
    ["MEMORY_LIMIT", "memory limit reached (signal: interrupt)"],
    ["CPU_LIMIT", "processor time limit reached (signal: interrupt)"],
  ] as const)("is Failed by %s", (Cause, Detail) => {
    const State = UnitState.Failed;
    expect(endingOf(exit(constants.signals.SIGINT), Cause, "sh")).toEqual({ State, Detail, Signal: "SIGINT", Cause });
  });

  test("is no success when a limit was reached and the command exited with 0", () => {
    expect(endingOf(exit(0), "RUN_TIME_LIMIT", "sh")).toMatchObject({ State: UnitState.Failed, ExitCode: 0 });
  });
});

describe("endingOf() a command that could not be started", () => {
  test.each([
    [failed("ENOENT", "exec"), "nosuch", 'exec: "nosuch": executable file not found in $PATH'],
    [failed("EACCES", "exec"), "nosuch", 'exec: "nosuch": permission denied'],
    [failed("ENOENT", "exec"), "/no/such", "fork/exec /no/such: no such file or directory"],
    [failed("EACCES", "exec"), "./such", "fork/exec ./such: permission denied"],
    [failed("ENOEXEC", "exec"), "/bin/x", "fork/exec /bin/x: exec format error"],
    [failed("E2BIG", "exec"), "sh", 'exec: "sh": argument list too long'],
    [failed("ELOOP", "exec"), "sh", `exec: "sh": errno ${constants.errno.ELOOP}`],
    [failed("ENOENT", "cwd"), "sh", "the working folder of the work type cannot be entered: no such file or directory"],
    [failed("EPERM", "user"), "sh", "the user of the work type cannot be taken on: operation not permitted"],
    [failed("ENOENT", "stdin"), "sh", "the unit's stdin file cannot be opened: no such file or directory"],
  ])("says why: %o of %s", (end, command, Detail) => {
    expect(endingOf(end, undefined, command)).toEqual({ State: UnitState.Failed, Detail, Cause: "START_FAILED" });
  });

  test.each(["record", "output"])("blames the disk when the %s file is the trouble", (stage) => {
    expect(endingOf(failed("ENOSPC", stage), undefined, "sh")).toEqual({
      State: UnitState.Failed,
      Detail: `the unit's ${stage} file cannot be opened: no space left on device`,
      Cause: "STORAGE_FAILED",
    });
  });
});
