import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { silentLog } from "#core";
import { UnitState } from "#work/wire";
import { canMount, smallDisk } from "../../../test/kit/small-disk.ts";
import { builtHelpers, ended, eventually, openTestNode, outputOf, type TestNode } from "../../../test/kit/units.ts";
import type { WrittenWatcher } from "./watcher-settings.ts";
import { Watchers } from "./watchers.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
beforeAll(builtHelpers);

/** Each unit writes a line of its params, and then its payload, to `effects`, at once. */
const note = (effects: string) => ({
  ...({ kind: "command", workType: "note", command: "sh", allowRuntimeParams: true } as const),
  params: `-c 'line="$([ $# = 0 ] || printf "%s|" "$@"; cat)"; printf "%s\\n" "$line" >> ${effects}; printf "%s" "$line"; case "$1" in *bad*) exit 3;; esac' note`,
});

interface Place extends AsyncDisposable {
  readonly node: TestNode;
  readonly in: (name: string) => string;
  readonly effects: () => string[];
  watchers: Watchers;
  isOn: boolean;
  /** End the watchers and begin anew with the same journals. */
  again(): Promise<void>;
}

/** A node with one watched folder `in`, and folders `done` and `failed` beside it. */
async function place(watcher: Partial<WrittenWatcher> = {}, folder = "in"): Promise<Place> {
  const node = await openTestNode({ workTypes: [] });
  const at = (name: string) => node.folder.file(`${folder}/${name}`);
  await node.reopen({ workTypes: [note(node.folder.file("effects"))] });
  for (const each of [folder, "done", "failed"]) mkdirSync(node.folder.file(each), { recursive: true });
  const settings = { name: "w", folder: node.folder.file(folder), workType: "note", settle: "60ms", every: "200ms" };
  const open = async () => {
    const { units } = node;
    const watchers = new Watchers({
      units,
      dir: node.folder.file("journals"),
      mayAdd: () => self.isOn,
      log: silentLog,
    });
    await watchers.configure([{ ...settings, ...watcher }]);
    return watchers;
  };
  const self: Place = {
    ...{ node, in: at, isOn: true, watchers: undefined as unknown as Watchers },
    effects: () => {
      const path = node.folder.file("effects");
      return existsSync(path) ? readFileSync(path, "utf8").split("\n").filter(Boolean).sort() : [];
    },
    again: async () => {
      await self.watchers.close();
      self.watchers = await open();
    },
    [Symbol.asyncDispose]: async () => {
      await self.watchers.close();
      await node[Symbol.asyncDispose]();
    },
  };
  self.watchers = await open();
  return self;
}

const status = (at: Place) => at.watchers.status[0];
const untilAllEnded = (at: Place, count: number) =>
  eventually(`${count} units ended`, () => {
    const all = at.node.units.watched();
    return all.length === count && all.every(({ isFinal }) => isFinal) && status(at)?.running === 0;
  });
/** Two whole looks from now on, so that whatever a look would do is done. */
async function twoLooks(at: Place): Promise<void> {
  const first = readdirSync(at.in("")).length;
  for (const name of [`look-${first}`, `look-${first + 1}`]) {
    const before = at.node.units.watched().length;
    writeFileSync(at.in(name), "");
    await eventually("one more unit", () => at.node.units.watched().length > before);
  }
}

describe("a watched folder", () => {
  test("gives each file a unit with its path, once, also when it is watched anew", async () => {
    await using at = await place();
    writeFileSync(at.in("a b.csv"), "1");
    writeFileSync(at.in("-n"), "2");
    writeFileSync(at.in(".hidden"), "3");
    await untilAllEnded(at, 2);
    expect(at.effects()).toEqual([`${at.in("-n")}|`, `${at.in("a b.csv")}|`]);
    const [unit] = at.node.units.watched();
    expect(unit?.report()).toMatchObject({ Watch: { Watcher: "w" } });
    await at.again();
    await twoLooks(at);
    expect(at.node.units.watched()).toHaveLength(4);
    expect(status(at)).toMatchObject({ state: "watching", added: 2 });
  });

  test("gives the file itself where it is the payload, with a name that is data whatever is in it", async () => {
    await using at = await place({ give: "payload", params: "--name={name}" });
    const name = `'; touch ${"x".repeat(20)} #$(id) "\u{1b}`;
    writeFileSync(at.in(name), "bytes");
    await untilAllEnded(at, 1);
    expect(at.effects()).toEqual([`--name=${name}|bytes`]);
  });

  test("waits while a file still grows, and takes one that has changed as a new one", async () => {
    await using at = await place({ give: "payload", settle: "300ms" });
    writeFileSync(at.in("grows"), "");
    for (let n = 0; n < 10; n++) {
      appendFileSync(at.in("grows"), `${n}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await untilAllEnded(at, 1);
    expect(at.effects()).toEqual(["0123456789"]);
    writeFileSync(at.in("grows"), "more");
    await untilAllEnded(at, 2);
    chmodSync(at.in("grows"), 0o600);
    await twoLooks(at);
    await untilAllEnded(at, 4);
    expect(at.effects().filter((line) => line !== "")).toEqual(["0123456789", "more"]);
  });

  test("counts only files with their marker where it asks for one", async () => {
    await using at = await place({ marker: ".ok", settle: "0s", onSuccess: "delete" });
    writeFileSync(at.in("a"), "");
    writeFileSync(at.in("b"), "");
    writeFileSync(at.in("b.ok"), "");
    await eventually("b is put away", () => readdirSync(at.in("")).join() === "a");
    expect(at.effects()).toEqual([`${at.in("b")}|`]);
    expect(status(at)?.waiting).toBe(1);
  });

  test("moves files by how their units ended, and a second one of a name beside the first", async () => {
    await using at = await place();
    const { path } = at.node.folder;
    const target = { onSuccess: { moveTo: `${path}/done` }, onFailure: { moveTo: `${path}/failed` } };
    await at.watchers.configure([
      { name: "w", folder: `${path}/in`, workType: "note", settle: "20ms", every: "200ms", depth: 2, ...target },
    ]);
    mkdirSync(at.in("sub"));
    writeFileSync(at.in("sub/good.x"), "1");
    writeFileSync(at.in("bad"), "");
    await eventually("both are moved", () => existsSync(`${path}/done/sub/good.x`) && existsSync(`${path}/failed/bad`));
    writeFileSync(at.in("sub/good.x"), "1");
    await eventually("the second too", () => readdirSync(`${path}/done/sub`).length === 2);
    expect(readdirSync(`${path}/done/sub`).sort()[0]).toMatch(/^good\.[0-9a-f]{24}\.x$/);
    expect(at.effects()).toHaveLength(3);
    expect(readdirSync(`${path}/in`)).toEqual(["sub"]);
  });

  test("deletes only where it is asked to, and never what came in the file's place", async () => {
    await using at = await place({ onSuccess: "delete" });
    writeFileSync(at.in("go"), "");
    await eventually("it is deleted", () => !existsSync(at.in("go")));
    writeFileSync(at.in("bad"), "");
    await untilAllEnded(at, 2);
    expect(readdirSync(at.in(""))).toEqual(["bad"]);
    const { units } = at.node;
    const before = units.watched().length;
    writeFileSync(at.in("slow"), "");
    await eventually("a unit more", () => units.watched().length > before);
    writeFileSync(at.in("slow"), "other");
    await eventually(
      "one for each of the two",
      () => at.effects().filter((line) => line.includes("slow")).length === 2,
    );
    await eventually("the second is deleted", () => !existsSync(at.in("slow")));
  });

  test("follows no link out of the folder, neither to a file nor to a folder put in the place of one", async () => {
    await using at = await place({ depth: 3, give: "payload" });
    writeFileSync(at.node.folder.file("done/secret"), "secret");
    symlinkSync(at.node.folder.file("done/secret"), at.in("link"));
    symlinkSync(at.node.folder.file("done"), at.in("folder"));
    mkdirSync(at.in("real"));
    writeFileSync(at.in("real/secret"), "mine");
    await untilAllEnded(at, 1);
    renameSync(at.in("real"), at.node.folder.file("aside"));
    symlinkSync(at.node.folder.file("done"), at.in("real"));
    await twoLooks(at);
    expect(at.effects().filter((line) => line.includes("secret"))).toEqual([]);
    expect(status(at)?.skipped).toBeGreaterThan(0);
  });

  test("has no more units at once than it may", async () => {
    await using at = await place({ maxUnits: 2, workType: "hold", give: "payload" });
    const hold = {
      kind: "command",
      workType: "hold",
      command: "sh",
      params: `-c 'until [ -e ${at.in("../go")} ]; do sleep 0.02; done'`,
    };
    await at.watchers.close();
    await at.node.reopen({ workTypes: [{ ...hold, kind: "command", allowRuntimeParams: true }] });
    await at.again();
    for (let n = 0; n < 6; n++) writeFileSync(at.in(`f${n}`), "");
    await eventually("two run and four wait", () => status(at)?.running === 2 && status(at)?.waiting === 4);
    writeFileSync(at.in("../go"), "");
    await untilAllEnded(at, 6);
    expect(status(at)).toMatchObject({ added: 6, succeeded: 6, waiting: 0 });
  });

  test("a work type that is not there is told, and the files have their units when it is", async () => {
    await using at = await place({ workType: "later" });
    writeFileSync(at.in("a"), "");
    await eventually("it is told", () => status(at)?.reason?.includes("unknown work type later"));
    expect(at.node.units.watched()).toEqual([]);
    await at.watchers.close();
    await at.node.reopen({ workTypes: [{ ...note(at.node.folder.file("effects")), workType: "later" }] });
    await at.again();
    await untilAllEnded(at, 1);
    expect(status(at)).toMatchObject({ state: "watching", added: 1, succeeded: 1 });
  });

  test("a folder that goes is told, and nothing is done twice when it comes back", async () => {
    await using at = await place();
    writeFileSync(at.in("a"), "");
    await untilAllEnded(at, 1);
    renameSync(at.in(""), at.node.folder.file("away"));
    await eventually("it is told", () => status(at)?.state === "trouble" && status(at)?.reason?.includes("ENOENT"));
    writeFileSync(at.node.folder.file("away/b"), "");
    renameSync(at.node.folder.file("away"), at.in(""));
    await untilAllEnded(at, 2);
    expect(at.effects()).toEqual([`${at.in("a")}|`, `${at.in("b")}|`]);
    expect(status(at)?.state).toBe("watching");
  });

  test("what comes again after it had gone is new", async () => {
    await using at = await place({ give: "payload" });
    writeFileSync(at.in("a"), "x");
    await untilAllEnded(at, 1);
    renameSync(at.in("a"), at.node.folder.file("done/a"));
    await twoLooks(at);
    renameSync(at.node.folder.file("done/a"), at.in("a"));
    await untilAllEnded(at, 4);
    expect(at.effects().filter((line) => line !== "")).toEqual(["x", "x"]);
  });

  test("turned to another folder it knows nothing of the one before, neither a copy nor what still runs there", async () => {
    await using at = await place({ give: "payload", workType: "hold", onSuccess: "delete" });
    const { path } = at.node.folder;
    const params = `-c 'line=$(cat); echo "$line" >> ${path}/effects; until [ -e ${path}/go ]; do sleep 0.02; done'`;
    await at.watchers.close();
    await at.node.reopen({
      workTypes: [{ kind: "command", workType: "hold", command: "sh", params, allowRuntimeParams: false }],
    });
    await at.again();
    writeFileSync(at.in("a"), "same");
    writeFileSync(at.in("b"), "mine");
    await eventually("both run", () => at.effects().length === 2);
    mkdirSync(`${path}/other`);
    cpSync(at.in("a"), `${path}/other/a`, { preserveTimestamps: true });
    const turned = { folder: `${path}/other`, workType: "hold", give: "payload", onSuccess: "delete" } as const;
    await at.watchers.configure([{ name: "w", settle: "20ms", every: "100ms", ...turned }]);
    await eventually("the copy has a unit too", () => at.node.units.watched().length === 3);
    writeFileSync(`${path}/go`, "");
    await untilAllEnded(at, 3);
    await eventually("the copy is deleted", () => !existsSync(`${path}/other/a`));
    expect(at.effects()).toEqual(["mine", "same", "same"]);
    expect(status(at)).toMatchObject({ state: "watching", added: 1, succeeded: 1 });
    expect(readdirSync(at.in("")).sort()).toEqual(["a", "b"]);
  });

  test("what was done while a name counted is not done again when it counts again", async () => {
    await using at = await place({ depth: 1 });
    const folder = at.node.folder.file("in");
    const all = { name: "w", folder, workType: "note", settle: "20ms", every: "100ms", depth: 1 } as const;
    mkdirSync(at.in("sub"));
    for (const name of ["a", "sub/b"]) writeFileSync(at.in(name), "");
    await untilAllEnded(at, 2);
    await at.watchers.configure([{ ...all, depth: 0, exclude: ["a"] }]);
    await twoLooks(at);
    await at.watchers.configure([{ ...all, folder: `${folder}/` }]);
    await twoLooks(at);
    await untilAllEnded(at, at.node.units.watched().length);
    for (const name of ["a", "sub/b"])
      expect(at.effects().filter((line) => line === `${at.in(name)}|`)).toHaveLength(1);
  });

  test("a place that a file cannot be moved to is told, and it is moved when that is right", async () => {
    await using at = await place();
    const { path } = at.node.folder;
    const moving = { onSuccess: { moveTo: `${path}/later` } };
    await at.watchers.configure([
      { name: "w", folder: `${path}/in`, workType: "note", settle: "20ms", every: "100ms", ...moving },
    ]);
    writeFileSync(at.in("a"), "");
    await eventually("it is told", () => status(at)?.reason?.includes("a cannot be moved"));
    mkdirSync(`${path}/later`);
    await eventually("it is moved", () => existsSync(`${path}/later/a`) && status(at)?.state === "watching");
    expect(at.effects()).toHaveLength(1);
  });

  test("CAT-17: folders that are one by a link make no unit go round, and those that do not go on", async () => {
    await using at = await place();
    const { path } = at.node.folder;
    for (const name of ["b", "apart", "rest"]) mkdirSync(`${path}/${name}`);
    symlinkSync(`${path}/in`, `${path}/back`);
    symlinkSync(`${path}/b`, `${path}/there`);
    const common = { workType: "note", settle: "20ms", every: "100ms" };
    const apart = { ...common, name: "apart", folder: `${path}/apart`, onSuccess: { moveTo: `${path}/rest` } };
    const [a, b] = [
      { ...common, name: "w", folder: `${path}/in`, onSuccess: { moveTo: `${path}/there` } },
      { ...common, name: "b", folder: `${path}/b`, onSuccess: { moveTo: `${path}/back` } },
    ];
    await at.watchers.configure([a, apart]);
    writeFileSync(at.in("first"), "");
    await eventually("the first alone moves", () => existsSync(`${path}/b/first`));
    await at.watchers.configure([a, b, apart]);
    const reasons = at.watchers.status.filter(({ state }) => state === "trouble").map(({ reason }) => reason);
    expect(reasons).toEqual([
      expect.stringContaining("onSuccess.moveTo: files would go round for ever, w → b → w") as string,
      expect.stringContaining("onSuccess.moveTo: files would go round for ever, b → w → b") as string,
    ]);
    writeFileSync(at.in("second"), "");
    writeFileSync(`${path}/apart/third`, "");
    await eventually("the third is moved", () => existsSync(`${path}/rest/third`));
    expect(at.effects()).toEqual([`${at.in("first")}|`, `${path}/apart/third|`].sort());
    rmSync(`${path}/back`);
    mkdirSync(`${path}/back`);
    await eventually("both come to rest", () => readdirSync(`${path}/back`).length === 2);
    expect(at.effects()).toHaveLength(5);
  });

  test("one whose journal cannot be used does nothing, says so, and begins as soon as it can", async () => {
    await using at = await place();
    await at.watchers.close();
    const journals = at.node.folder.file("journals");
    renameSync(journals, at.node.folder.file("aside"));
    writeFileSync(journals, "");
    await at.again();
    writeFileSync(at.in("a"), "");
    expect(status(at)).toMatchObject({ state: "trouble", reason: expect.stringContaining("journal") as string });
    rmSync(journals);
    renameSync(at.node.folder.file("aside"), journals);
    await untilAllEnded(at, 1);
    expect(status(at)).toMatchObject({ state: "watching", succeeded: 1 });
  });

  test("a unit that somebody releases does not come again; a lost journal is learned from the units", async () => {
    await using at = await place();
    writeFileSync(at.in("a"), "");
    writeFileSync(at.in("b"), "");
    await untilAllEnded(at, 2);
    const unit = at.node.units.watched().find(({ status }) => status.Watch?.File === "a");
    await at.node.units.release(unit?.id ?? "", { force: false, signal: AbortSignal.timeout(60_000) });
    await at.again();
    await twoLooks(at);
    await untilAllEnded(at, 3);
    expect(at.effects()).toHaveLength(4);
    await at.watchers.close();
    rmSync(at.node.folder.file("journals"), { recursive: true });
    rmSync(at.in("a"));
    await at.again();
    writeFileSync(at.in("last"), "");
    await untilAllEnded(at, 4);
    expect(at.effects()).toHaveLength(5);
  });

  test("what ended while nobody watched is put away as what it was, before retention takes its unit", async () => {
    await using at = await place({ settle: "10s", onSuccess: "delete" });
    const { path } = at.node.folder;
    writeFileSync(at.in("a"), "");
    await at.watchers.close();
    const options = { isHeld: true, retention: { maxUnits: 0 }, workTypes: [note(`${path}/effects`)] };
    await at.node.reopen(options);
    const { dev, ino, mtimeNs, size } = statSync(at.in("a"), { bigint: true });
    const Version = `${ino}.${mtimeNs}.${size}`;
    const watch = { Watcher: "w", Folder: `${path}/in`, File: "a", Version };
    const unit = at.node.units.allocateWatched("feedfeedfeed", { workType: "note", params: {}, watch });
    const [journal = ""] = readdirSync(`${path}/journals`);
    const line = ["a", "made", `${dev}`, Version, unit.id];
    writeFileSync(`${path}/journals/${journal}`, `${JSON.stringify(line)}\n`);
    at.node.units.hold(false);
    await at.node.units.start(unit);
    await ended(unit);
    await at.node.reopen(options);
    await at.again();
    at.node.units.warmUp();
    await eventually("its unit is gone", () => at.node.units.watched().length === 0);
    await eventually("the file is deleted, for it succeeded", () => !existsSync(at.in("a")));
    expect(status(at)).toMatchObject({ succeeded: 1, failed: 0, state: "watching" });
  });

  test("a watcher that is configured no more takes its units along that never began", async () => {
    await using at = await place({ give: "payload" });
    const watch = { Watcher: "gone", Folder: "/gone", File: "x", Version: "1.1.1" };
    const unit = at.node.units.allocateWatched("0123456789abcdef", { workType: "note", params: {}, watch });
    await at.watchers.configure([]);
    expect(await ended(unit)).toMatchObject({ State: UnitState.Failed, Cause: "START_FAILED" });
    expect(at.watchers.status).toEqual([]);
  });

  test("a unit that came to disk when its line in the journal did not never starts, and ends", async () => {
    await using at = await place({ give: "payload" });
    await at.watchers.close();
    writeFileSync(at.in("a"), "once");
    const { ino, mtimeNs, size } = statSync(at.in("a"), { bigint: true });
    const Version = `${ino}.${mtimeNs}.${size}`;
    const watch = { Watcher: "w", Folder: at.node.folder.file("in"), File: "a", Version };
    const stray = at.node.units.allocateWatched("feedfeedfeed", { workType: "note", params: {}, watch });
    await at.again();
    expect(await ended(stray)).toMatchObject({ State: UnitState.Failed, Cause: "START_FAILED" });
    await untilAllEnded(at, 2);
    expect(at.effects()).toEqual(["once"]);
  });

  test("begun and not started by the last daemon, a unit is started by this one, with all of its payload", async () => {
    await using at = await place({ give: "payload", settle: "10s" });
    writeFileSync(at.in("a"), "whole");
    await eventually("it is seen", () => status(at)?.waiting === 1);
    await at.watchers.close();
    // What a killed worker leaves: the file is to have this unit, and of that half the payload is there.
    const journals = at.node.folder.file("journals");
    const [journal = ""] = readdirSync(journals);
    const { dev, ino, mtimeNs, size } = statSync(at.in("a"), { bigint: true });
    const Version = `${ino}.${mtimeNs}.${size}`;
    const id = "feedfeedfeed";
    writeFileSync(`${journals}/${journal}`, `${JSON.stringify(["a", "given", `${dev}`, Version, id])}\n`);
    const watch = { Watcher: "w", Folder: at.node.folder.file("in"), File: "a", Version };
    at.node.units.allocateWatched(id, { workType: "note", params: {}, watch });
    writeFileSync(at.node.units.get(id).folder.stdin, "wh");
    await at.node.reopen({ workTypes: [note(at.node.folder.file("effects"))] });
    await at.again();
    expect(await ended(at.node.units.get(id))).toMatchObject({ State: UnitState.Succeeded });
    expect(outputOf(at.node.units.get(id)).trim()).toBe("whole");
    expect(at.node.units.watched()).toHaveLength(1);
  });
});

describe.skipIf(!canMount)("on a full disk (needs the right to mount one)", () => {
  test("files wait for room, and each has its one unit when there is some", async () => {
    await using disk = await smallDisk("4m");
    if (!disk) throw new Error("could be mounted a moment ago");
    await using at = await place({ give: "payload" });
    await at.watchers.close();
    mkdirSync(disk.file("data"));
    const effects = at.node.folder.file("effects");
    await at.node.reopen({ dataDir: disk.file("data"), workTypes: [note(effects)] });
    await at.again();
    disk.fill();
    for (const name of ["a", "b", "c"]) writeFileSync(at.in(name), name.repeat(10));
    await eventually("it is told", () => status(at)?.reason?.includes("no space left"));
    expect(at.effects()).toEqual([]);
    disk.makeRoom();
    await untilAllEnded(at, 3);
    expect(at.effects()).toEqual(["aaaaaaaaaa", "bbbbbbbbbb", "cccccccccc"]);
    await eventually("it watches again", () => status(at)?.state === "watching");
  });
});
