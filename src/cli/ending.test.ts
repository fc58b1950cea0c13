import { describe, expect, test } from "vitest";
import type { UnitReport } from "#work/wire";
import { endingOf, endingText } from "./ending.ts";

const base: UnitReport = { State: 3, StateName: "Failed", Detail: "", StdoutSize: 30, WorkType: "x", ExtraData: null };

describe("endingOf()", () => {
  test.each([
    ["its own code when it exited", { Cause: "EXITED", ExitCode: 7 }, 7],
    ["255 as 255", { Cause: "EXITED", ExitCode: 255 }, 255],
    ["128 + n for signal n", { Cause: "SIGNALED", Signal: "SIGKILL" }, 137],
    ["128 + n for a signal that is only named in Go's words", { Detail: "signal: terminated" }, 143],
    ["128 + n for a core dump", { Detail: "signal: segmentation fault (core dumped)" }, 139],
    ["the code of an old daemon's detail", { Detail: "exit status 3" }, 3],
    ["0 for success", { State: 2, Detail: "exit status 0" }, 0],
    ["0 for a success without any words", { State: 2 }, 0],
    ["130 when it was cancelled, whatever it exited with", { State: 4, ExitCode: 1 }, 130],
    ["124 when it hit a limit", { Cause: "RUN_TIME_LIMIT", Signal: "SIGKILL" }, 124],
    ["125 when it never started", { Cause: "START_FAILED", Detail: "exec: not found" }, 125],
    ["125 when nobody saw its exit", { Cause: "EXIT_UNKNOWN" }, 125],
    ["125 and not 0 when it exited with 0 and failed all the same", { Cause: "STORAGE_FAILED", ExitCode: 0 }, 125],
  ] as const)("gives %s", (_what, fields, exit) => {
    expect(endingOf({ ...base, ...fields }).exit).toBe(exit);
  });
});

test("endingText() says how it ended, how much it wrote and how long it took", () => {
  const report = { ...base, State: 2, Cause: "EXITED", ExitCode: 0, RunSeconds: 5.03 } as const;
  expect(endingText(report)).toBe("succeeded with exit code 0: 30 B of output in 5.0 s");
  expect(endingText({ ...base, Signal: "SIGKILL" })).toBe("failed, ended by SIGKILL: 30 B of output");
  expect(endingText({ ...base, Cause: "RUN_TIME_LIMIT", Signal: "SIGINT" })).toBe(
    "failed at the run-time limit of its work type: 30 B of output",
  );
  expect(endingText({ ...base, Cause: "OUTPUT_LIMIT", Signal: "SIGKILL" })).toBe(
    "failed at the output limit of its work type: 30 B of output",
  );
  expect(endingText({ ...base, State: 4 })).toBe("was cancelled: 30 B of output");
  expect(endingText({ ...base, Detail: "exec: no" })).toBe("failed (exec: no): 30 B of output");
});
