import { readdirSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkRooms } from "../../scripts/check-rooms.mjs";
import { runProcess } from "../kit/processes.ts";
import { type TempFolder, tempFolder } from "../kit/temp-folder.ts";

const root = join(import.meta.dirname, "..", "..");
const script = join(root, "scripts", "check-rooms.mjs");

/** A house that keeps every rule; each test below breaks one. */
const goodHouse = {
  "package.json": JSON.stringify({
    dependencies: { commander: "14.0.3", zod: "4.6.7" },
    devDependencies: { vitest: "4" },
  }),
  "src/core/mod.ts": '/** What every room stands on. */\nexport { now } from "./clock.ts";\n',
  "src/core/clock.ts": 'import { hrtime } from "node:process";\nexport const now = () => hrtime();\n',
  "src/core/clock.test.ts":
    'import { test } from "vitest";\nimport { type TempFolder, tempFolder } from "../../test/kit/temp-folder.ts";\n',
  "src/tools/mod.ts": "/** Capture and scans. */\nexport {};\n",
  "src/tools/wire.ts": "/** Shapes. */\nexport interface Hop {}\n",
  "src/work/mod.ts": '/** Units. */\nimport "#core";\nimport "#tools";\nimport type { Hop } from "#tools/wire";\n',
  "src/worker/mod.ts": '/** The daemon. */\nexport { parse } from "./settings/yaml.ts";\n',
  "src/worker/settings/yaml.ts": 'import { parse } from "commander";\nimport { z } from "zod";\nexport { parse, z };\n',
  "src/worker/settings/node.ts": 'import { z } from "zod";\nexport { z };\n',
  "src/server/mod.ts": '/** The control plane. */\nimport type { Hop } from "#tools/wire";\n',
  "src/cli/mod.ts": '/** The command line. */\nexport const load = () => import("#worker");\n',
  "web/page.ts": 'import type { Hop } from "#tools/wire";\nimport "./part.ts";\n',
  "web/part.ts": "export {};\n",
};

async function makeHouse(folder: TempFolder, changes: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries({ ...goodHouse, ...changes })) {
    await mkdir(dirname(folder.file(path)), { recursive: true });
    await writeFile(folder.file(path), text);
  }
}

test("checkRooms() says nothing against a house that keeps the rules", async () => {
  await using folder = await tempFolder();
  await makeHouse(folder, {});
  expect(checkRooms(folder.path)).toEqual([]);
});

test("check-rooms prints file, line and rule, and exits 1", async () => {
  await using folder = await tempFolder();
  await makeHouse(folder, { "src/core/up.ts": '\nimport "#work";\n' });
  const { code, stdout } = await runProcess(process.execPath, [script, folder.path]);
  expect(stdout).toBe('src/core/up.ts:2: core may not import "#work" (it may import: no room)\n');
  expect(code).toBe(1);
});

test("this house keeps its rules", async () => {
  const { code, stdout } = await runProcess(process.execPath, [script]);
  expect(stdout).toBe("rooms: every rule holds\n");
  expect(code).toBe(0);
});

describe("checkRooms() reports", () => {
  const cases: [what: string, file: string, text: string, report: RegExp][] = [
    ["an unknown room", "src/attic/mod.ts", "/** Old things. */\n", /^src\/attic:1: "attic" is no room/],
    ["a file outside a room", "src/main.ts", "export {};\n", /^src\/main.ts:1: a file of src\/ stands in a room/],
    ["a room without a door", "src/mesh/node.ts", "export {};\n", /^src\/mesh\/mod.ts:1: every room has a door/],
    ["a door without a doc comment", "src/work/mod.ts", "// Units.\n", /^src\/work\/mod.ts:1: a door opens with a doc/],
    [
      "an import up the ranks",
      "src/core/up.ts",
      '\nimport "#work";\n',
      /^src\/core\/up.ts:2: core may not import "#work"/,
    ],
    [
      "an import of a neighbour",
      "src/worker/x.ts",
      'import "#server";\n',
      /^src\/worker\/x.ts:1: worker may not import/,
    ],
    [
      "the whole room where shapes are allowed",
      "src/server/x.ts",
      'import "#tools";\n',
      /server may not import "#tools"/,
    ],
    ["a dynamic import", "src/core/x.ts", 'export const f = () => import("#cli");\n', /core may not import "#cli"/],
    [
      "a type import",
      "src/core/x.ts",
      'export type H = import("#tools/wire").Hop;\n',
      /core may not import "#tools\/wire"/,
    ],
    ["a re-export", "src/core/x.ts", 'export * from "#tools";\n', /core may not import "#tools"/],
    ["an import of a test", "src/core/x.test.ts", 'import "#cli";\n', /core may not import "#cli"/],
    ["a way round the door", "src/work/x.ts", 'import "#core/clock";\n', /"#core\/clock" goes round the door/],
    ["the own door", "src/work/x.ts", 'import "#work";\n', /inside a room imports are relative/],
    ["a relative path out", "src/work/x.ts", 'import "../core/clock.ts";\n', /"..\/core\/clock.ts" leaves the room/],
    ["sources that use the test kit", "src/work/x.ts", 'import "../../test/kit/x.ts";\n', /nothing from test\//],
    ["sources that use a benchmark", "src/work/x.ts", 'import "../../bench/x.ts";\n', /nothing from bench\//],
    ["tests that use the build", "src/work/x.test.ts", 'import "../../dist/work/mod.js";\n', /nothing from dist\//],
    ["tests that use other tests", "src/work/x.test.ts", 'import "../../test/e2e/x.ts";\n', /nothing from test\//],
    [
      "a computed import",
      "src/cli/x.ts",
      'const n = "#core";\nvoid import(n);\n',
      /x.ts:2: a dynamic import names its module/,
    ],
    ["a page that enters a room", "web/x.ts", 'import "#tools";\n', /^web\/x.ts:1: web\/ imports "#room\/wire" only/],
    ["a page that leaves web/", "web/x.ts", 'import "../src/tools/wire.ts";\n', /leaves web\//],
    ["a page that needs Node", "web/x.ts", 'import "node:fs";\n', /runs in a browser/],
    ["a package in a second file", "src/worker/x.ts", 'import "commander";\n', /"commander" is wrapped in one file/],
    ["a package that is not declared", "src/core/x.ts", 'import "vitest";\n', /"vitest" is not among the dependencies/],
    [
      "zod outside settings",
      "src/work/x.ts",
      'import "zod";\n',
      /"zod" is the language settings and messages are declared in/,
    ],
    ["a name without a concern", "src/core/utils.ts", "export {};\n", /"utils" names no concern/],
    ["a folder without a concern", "src/core/common/x.ts", "export {};\n", /"common" names no concern/],
    ["a manager", "src/core/unit-manager.ts", "export {};\n", /"manager" names no concern/],
    ["camelCase", "src/core/unitStore.ts", "export {};\n", /"unitStore.ts" is not kebab-case/],
  ];

  test.each(cases)("%s", async (_what, file, text, report) => {
    await using folder = await tempFolder();
    await makeHouse(folder, { [file]: text });
    const lines = checkRooms(folder.path).map(({ file, line, rule }) => `${file}:${line}: ${rule}`);
    expect(lines).toEqual([expect.stringMatching(report)]);
  });
});

test("what is to end after a while ends also when garbage was collected: by timeLimit() of core alone", () => {
  const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter((path) =>
    /(?<!\.test)\.ts$/.test(path),
  );
  const own = join("core", "time-limit.ts");
  const others = sources.filter((path) => path !== own);
  expect(others.length).toBeLessThan(sources.length);
  expect(
    others.filter((path) => readFileSync(join(root, "src", path), "utf8").includes("AbortSignal.timeout(")),
  ).toEqual([]);
});
