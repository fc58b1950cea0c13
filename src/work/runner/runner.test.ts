import { describe, expect, test } from "vitest";
import type { CommandSettings, PythonSettings } from "../settings.ts";
import { effectiveParams, launchOf, mindingOf } from "./runner.ts";

const command: CommandSettings = {
  kind: "command",
  workType: "sh",
  command: "sh",
  params: "-c 'exit 3'",
  allowRuntimeParams: true,
};
const python: PythonSettings = { kind: "python", workType: "py", plugin: "plug.in", function: "run", config: { a: 1 } };

describe("effectiveParams()", () => {
  test("takes only the key `params` of a request", () => {
    expect(effectiveParams(command, { params: "x", other: "y" })).toBe("-c 'exit 3' x");
    expect(effectiveParams(command, {})).toBe("-c 'exit 3'");
  });

  test("refuses what a command could not be given as words", () => {
    expect(() => effectiveParams(command, { params: "'open" })).toThrow(
      expect.objectContaining({ code: "PARAMS_REFUSED", message: "EOF found when expecting closing quote" }),
    );
  });

  test("gives a plugin its params as they are", () => {
    expect(effectiveParams(python, { params: "a 'b" })).toBe("a 'b");
  });
});

describe("launchOf()", () => {
  test("splits the params of a command and lets it write the unit's output itself", () => {
    expect(launchOf(command, "-c 'exit 3' x", "/unit")).toEqual({
      argv: ["sh", "-c", "exit 3", "x"],
      output: "stdout",
    });
  });

  test("hands the limits of the type to the launcher", () => {
    const limited = { ...command, workDir: "/work", envAllow: ["PATH"], user: "0" };
    expect(launchOf(limited, "", "/unit")).toMatchObject({
      cwd: "/work",
      envAllow: ["PATH"],
      user: { uid: 0, gid: 0 },
    });
  });

  test("gives a plugin runner the unit's folder and its config with the params in it", () => {
    const { argv, output } = launchOf(python, "it's", "/unit");
    expect(argv.slice(0, 3)).toEqual(["receptor-python-worker", "plug.in:run", "/unit"]);
    expect(JSON.parse(argv[3] ?? "")).toEqual({ a: 1, params: "it's" });
    expect(output).toBe("runner.log");
  });

  test("refuses words no program can be given", () => {
    expect(() => launchOf(command, "a\0b", "/unit")).toThrow(expect.objectContaining({ code: "PARAMS_REFUSED" }));
  });
});

test("mindingOf() waits 10 s between SIGINT and SIGKILL, and limits only what the type limits", () => {
  expect(mindingOf(command)).toEqual({ runner: "command", command: "sh", cancelGraceMs: 10_000 });
  expect(mindingOf({ ...python, cancelGraceMs: 5, maxRunMs: 6, maxOutputBytes: 7 })).toEqual({
    runner: "plugin",
    command: "receptor-python-worker",
    cancelGraceMs: 5,
    maxRunMs: 6,
    maxOutputBytes: 7,
  });
});
