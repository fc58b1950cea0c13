import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { freshBuild, programs } from "../kit/daemon.ts";
import { runProcess } from "../kit/processes.ts";

const root = join(import.meta.dirname, "..", "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

/** The command lines of a page: every line of its shell blocks, without comments, split at `&&` and pipes. */
function commandsOf(page: string): string[] {
  const blocks = [...read(page).matchAll(/^```(?:sh|bash)\n(.*?)^```/gms)].map((match) => match[1] ?? "");
  return blocks
    .flatMap((block) => block.split("\n"))
    .map((line) => line.replace(/(^|\s)#.*$/, "").trim())
    .flatMap((line) => line.split(/&&|\|/))
    .map((command) => command.trim())
    .filter((command) => command !== "");
}

describe.each(["README.md", "CONTRIBUTING.md"])("commands of %s", (page) => {
  const commands = commandsOf(page);

  test("npm scripts exist", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const used = commands.flatMap((command) => /^npm (?:run )?([a-z:]+)/.exec(command)?.[1] ?? []);
    const known = [...Object.keys(scripts), "ci"];
    expect(used.filter((name) => !known.includes(name))).toEqual([]);
  });

  test("scripts that are started by path exist", () => {
    const used = commands.flatMap((command) => /^(?:node|bash) (\S+)/.exec(command)?.[1] ?? []);
    expect(used.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});

describe("programs of README.md", () => {
  const wordsOf = (command: string) => command.split(/\s+/).slice(1);
  // The words before the first option or value name the command: `bin/farhand work submit echo …`.
  const farhand = commandsOf("README.md")
    .filter((command) => command.startsWith("bin/farhand "))
    .map((command) =>
      wordsOf(command)
        .slice(0, /^(work|config)$/.test(wordsOf(command)[0] ?? "") ? 2 : 1)
        .join(" "),
    );

  beforeAll(freshBuild);

  test.each([...new Set(farhand)])("farhand %s explains itself", async (words) => {
    const help = await runProcess(process.execPath, [programs.farhand, ...words.split(" "), "--help"]);
    expect(help.stdout).toContain(words.split(" ").at(-1));
    expect(help.code).toBe(0);
  });

  test("receptor prints its version", async () => {
    const output = await runProcess(process.execPath, [programs.receptor, "--version"]);
    expect(output.stdout).toMatch(/\d+\.\d+/);
    expect(output.code).toBe(0);
  });
});
