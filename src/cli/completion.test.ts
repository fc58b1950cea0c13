import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { commands } from "./commands.ts";
import { completionScript, wantsFile } from "./completion.ts";

describe("completionScript()", () => {
  test("is valid bash", () => {
    const { status, stderr } = spawnSync("bash", ["-n"], { input: completionScript("bash"), encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
  });

  test("hands bash's words over as they are, joined where bash splits them, and runs nothing of them", () => {
    const script = `
      farhand() { printf '<%s>' "\${@:2}" >&2; printf 'node-1\\tabout\\n:4\\n'; }
      ${completionScript("bash").replaceAll("2>/dev/null", "")}
      COMP_WORDS=(farhand work submit -l '$(echo ran)' --socket = tcp : //h : 1 '') COMP_CWORD=12
      _farhand; echo "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
    expect(stderr).toBe("<--><work><submit><-l><$(echo ran)><--socket=tcp://h:1><>");
    expect(stdout.trim()).toBe("node-1");
  });

  test.each(["zsh", "fish"])("of %s calls farhand complete", (shell) => {
    expect(completionScript(shell)).toContain("farhand complete -- ");
  });
});

describe("wantsFile()", () => {
  test.each([
    [["config", "check", ""], true],
    [["config", "check", "a.yml", "b"], true],
    [["config", "convert", "--to", ""], false],
    [["config", "check", "--"], false],
    [["work", "submit", "t", "-p", ""], true],
    [["work", "submit", "t", "--payload=x"], true],
    [["work", "submit", "t", "-l", ""], false],
    [["work", "submit", ""], false],
    [["worker", "-c", ""], true],
    [["status", "--rootcas", "/"], true],
    [[""], false],
  ])("%j: %s", (words, expected) => expect(wantsFile(words, commands)).toBe(expected));
});
