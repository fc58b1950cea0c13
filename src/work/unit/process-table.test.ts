import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isRunning, startProcess } from "../../../test/kit/processes.ts";
import { allProcesses, bootId, decodeStat, identityOf, isAlive, processEntry, uptimeSeconds } from "./process-table.ts";

const rest = "4240 4242 4240 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 987654 1 2 3 4";

describe("decodeStat()", () => {
  test.each([
    "sh",
    "",
    " ",
    ")",
    "(",
    "a) Z 1 1 1",
    ") R 1 2 3 4 (",
    "two words",
    "new\nline",
    "((((",
    "))))",
    ") ) ) )",
  ])("is not misled by the name %j", (name) => {
    expect(decodeStat(`4242 (${name}) S ${rest}\n`)).toEqual({
      pid: 4242,
      parent: 4240,
      group: 4242,
      session: 4240,
      startTicks: 987654,
      zombie: false,
    });
  });

  test.each(["Z", "X"])("knows a process in state %s has ended", (state) => {
    expect(decodeStat(`4242 (sh) ${state} ${rest}\n`)?.zombie).toBe(true);
  });

  test("finds no process in a line without a name", () => {
    expect(decodeStat("")).toBeUndefined();
    expect(decodeStat("1 sh S 2")).toBeUndefined();
    expect(decodeStat(") (")).toBeUndefined();
  });

  test("survives any name", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 15 }), (name) => {
        expect(decodeStat(`1 (${name}) S ${rest}\n`)).toMatchObject({ parent: 4240, startTicks: 987654 });
      }),
    );
  });
});

describe("identityOf() and isAlive()", () => {
  test("know a process from a later one with its pid, and from one of another boot", async () => {
    await using sleeper = await startProcess("sleep", ["600"]);
    const identity = identityOf(sleeper.pid);
    if (!identity) throw new Error("the sleeper runs");
    expect(isAlive(identity)).toBe(true);
    expect(isAlive({ ...identity, startTicks: identity.startTicks + 1 })).toBe(false);
    expect(isAlive({ ...identity, bootId: "another" })).toBe(false);
    await sleeper.stop("SIGKILL");
    expect(isAlive(identity)).toBe(false);
  });

  test("take a zombie for dead", async () => {
    // perl does not reap its child until it is told to.
    await using parent = await startProcess(
      "perl",
      ["-e", '$| = 1; my $pid = fork // die; exit 0 unless $pid; print "child $pid\n"; <STDIN>'],
      { stdin: "open" },
    );
    const pid = Number(/\d+/.exec(await parent.line(/child/))?.[0]);
    while (isRunning(pid)) await new Promise((resolve) => setTimeout(resolve, 10));
    const identity = identityOf(pid);
    expect(processEntry(pid)?.zombie).toBe(true);
    expect(identity && isAlive(identity)).toBe(false);
    expect(allProcesses().map((entry) => entry.pid)).not.toContain(pid);
  });

  test("find nothing at a pid nobody has", () => {
    expect(identityOf(2 ** 22 + 1)).toBeUndefined();
    expect(processEntry(0)).toBeUndefined();
  });
});

test("bootId() and uptimeSeconds() come from the kernel", () => {
  expect(bootId()).toMatch(/^[0-9a-f-]{36}$/);
  expect(uptimeSeconds()).toBeGreaterThan(0);
});
