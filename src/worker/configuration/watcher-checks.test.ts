import { mkdirSync, symlinkSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { configurationIn } from "../../../test/kit/configuration.ts";
import { canMount, smallDisk } from "../../../test/kit/small-disk.ts";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { directiveFaults } from "./directives.ts";
import { configurationFrom } from "./effective.ts";
import { liveWarnings } from "./live-checks.ts";

const workTypes = [
  { worktype: "fixed", command: "cat" },
  { worktype: "open", command: "cat", allowruntimeparams: true },
  { kind: "python", worktype: "plugin", plugin: "m", function: "f" },
];
const watcher = { name: "w", folder: "/in", workType: "open" };

async function configured(watchers: readonly object[]) {
  await using folder = await tempFolder();
  const { machine, environment, follow } = configurationIn(folder);
  const document = { source: "file", document: { workTypes, watchers } as never } as const;
  return configurationFrom({ machine, document, environment, follow });
}

async function valuesOf(watchers: readonly object[]) {
  const found = await configured(watchers);
  if (found.state !== "good") throw new Error(JSON.stringify(found.faults));
  return found.effective.values;
}

const readFile = (path: string): string => {
  throw new Error(`nothing at ${path}`);
};

describe("watchers in a configuration", () => {
  test.each([
    [{ ...watcher, folder: "in" }, "/watchers/0/folder", /absolute/],
    [{ ...watcher, name: "../x" }, "/watchers/0/name", /letters/],
    [{ ...watcher, settle: "soon" }, "/watchers/0/settle", /duration/],
    [{ ...watcher, settle: "-1s" }, "/watchers/0/settle", /duration/],
    [{ ...watcher, include: ["a/*"] }, "/watchers/0/include/0", /slash/],
    [{ ...watcher, include: [] }, "/watchers/0/include", /./],
    [{ ...watcher, depth: 17 }, "/watchers/0/depth", /./],
    [{ ...watcher, maxUnits: 0 }, "/watchers/0/maxUnits", /./],
    [{ ...watcher, onSuccess: "burn" }, "/watchers/0/onSuccess", /moveTo/],
    [{ ...watcher, onSuccess: { moveTo: "/in/." } }, "/watchers/0/onSuccess/moveTo", /taken from/],
    [{ ...watcher, regex: "(a+)+" }, "/watchers/0/regex", /no such key/],
  ])("%j is refused", async (written, path, reason) => {
    expect(await configured([written])).toMatchObject({
      state: "misconfigured",
      faults: [{ path, reason: expect.stringMatching(reason) as string }],
    });
  });

  test("two of one name are refused", async () => {
    const { faults } = (await configured([watcher, { ...watcher, folder: "/other" }])) as { faults: unknown };
    expect(faults).toEqual([{ path: "/watchers/1/name", reason: "there is a watcher w already" }]);
  });

  test("CAT-17: folders that lead files back are refused, each move with the way and what to do", async () => {
    const written = [
      { ...watcher, name: "a", folder: "/a", onSuccess: { moveTo: "/b" }, onFailure: { moveTo: "/rest" } },
      { ...watcher, name: "b", folder: "/b", onFailure: { moveTo: "/a/" } },
    ];
    expect(await configured(written)).toMatchObject({
      state: "misconfigured",
      faults: [
        { path: "/watchers/0/onSuccess/moveTo", reason: expect.stringMatching(/a → b → a: name/) as string },
        { path: "/watchers/1/onFailure/moveTo", reason: expect.stringMatching(/b → a → b: name/) as string },
      ],
    });
    const inside = [{ ...watcher, folder: "/in", depth: 1, onSuccess: { moveTo: "/in/done" } }];
    expect(await configured(inside)).toMatchObject({
      faults: [{ path: "/watchers/0/onSuccess/moveTo", reason: expect.stringMatching(/smaller depth/) as string }],
    });
    expect(await configured([{ ...inside[0], depth: 0 }])).toMatchObject({ state: "good" });
  });

  test.each([
    [{ ...watcher, workType: "none" }, "workType", /no work type none/],
    [{ ...watcher, workType: "fixed" }, "give", /takes no params/],
    [{ ...watcher, workType: "fixed", give: "payload", params: "-n" }, "params", /takes no params/],
    [{ ...watcher, params: "{name}" }, "params", /may begin with/],
  ])("beside the work types %j is refused", async (written, key, reason) => {
    const faults = directiveFaults(await valuesOf([written]), { readFile });
    expect(faults).toEqual([{ path: `/watchers/0/${key}`, reason: expect.stringMatching(reason) as string }]);
  });

  test.each([
    watcher,
    { ...watcher, workType: "plugin" },
    { ...watcher, workType: "fixed", give: "payload" },
    { ...watcher, params: "-- {name}", include: ["*.csv"], exclude: [], depth: 2, settle: "0s", marker: ".ok" },
  ])("%j may be used", async (written) => {
    expect(directiveFaults(await valuesOf([written]), { readFile })).toEqual([]);
  });

  test("what the machine says against them is a warning", async () => {
    await using folder = await tempFolder();
    mkdirSync(folder.file("in"));
    const onSuccess = { moveTo: folder.file("none") };
    const warnings = await liveWarnings(
      await valuesOf([
        { ...watcher, folder: folder.file("in"), onSuccess },
        { ...watcher, name: "x", folder: folder.file("gone") },
      ]),
    );
    const paths = warnings.map(({ path }) => path).filter((path) => path.startsWith("/watchers"));
    expect(paths).toEqual(["/watchers/0/onSuccess/moveTo", "/watchers/1/folder"]);
  });

  test("folders that lead files round by a link are one of them", async () => {
    await using folder = await tempFolder();
    for (const name of ["a", "b"]) mkdirSync(folder.file(name));
    symlinkSync(folder.file("a"), folder.file("back"));
    const [a, b] = [folder.file("a"), folder.file("b")];
    const warnings = await liveWarnings(
      await valuesOf([
        { ...watcher, name: "a", folder: a, onSuccess: { moveTo: b } },
        { ...watcher, name: "b", folder: b, onSuccess: { moveTo: folder.file("back") } },
      ]),
    );
    const reason = expect.stringContaining("for ever, b → a → b") as string;
    expect(warnings).toContainEqual({ path: "/watchers/1", reason });
  });

  test.runIf(canMount)("a target on another file system is one of them", async () => {
    await using disk = await smallDisk("1m");
    await using folder = await tempFolder();
    const onFailure = { moveTo: disk?.path ?? "" };
    const warnings = await liveWarnings(await valuesOf([{ ...watcher, folder: folder.path, onFailure }]));
    expect(warnings).toContainEqual({
      path: "/watchers/0/onFailure/moveTo",
      reason: expect.stringContaining("another file system") as string,
    });
  });
});
