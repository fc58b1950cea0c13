import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { configurationIn, given, HandClock, isSet } from "../../../test/kit/configuration.ts";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import type { Editor } from "./configuration.ts";
import { FileConfiguration, type FileConfigurationOptions } from "./file-configuration.ts";

const here: Editor = { name: "root", connection: "c0", isRemote: false };
const anna: Editor = { name: "anna", connection: "c1", isRemote: true };
const password = "correct horse battery staple";

async function opened(change: Partial<FileConfigurationOptions> = {}) {
  const folder = await tempFolder();
  const clock = new HandClock();
  const options = { ...configurationIn(folder), clock, ...change };
  const configuration = await FileConfiguration.open(options);
  const put = (document: Parameters<typeof configuration.validate>[0], ifMatch: number, editor = here) =>
    configuration.put({ document, ifMatch }, editor);
  const close = async () => {
    configuration.close();
    await folder[Symbol.asyncDispose]();
  };
  return { folder, options, clock, configuration, put, [Symbol.asyncDispose]: close };
}

/** Everything in the folder but the file itself and the key. */
function textsIn(folder: string): string {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8", withFileTypes: true });
  const files = names.filter((entry) => entry.isFile() && !entry.name.endsWith(".yaml"));
  return files.map((entry) => readFileSync(`${entry.parentPath}/${entry.name}`, "utf8")).join("\n");
}

describe("a configuration in a file", () => {
  test("is read, written through the service and kept with versions (CAT-71, CAT-74)", async () => {
    await using worker = await opened();
    const { configuration, put, folder } = worker;
    expect(configuration.get()).toMatchObject({ version: 0, document: {}, state: "none" });
    expect(await put({ identity: { name: "w1" } }, 0)).toMatchObject({ version: 1, warnings: [], confirmBefore: null });
    expect(readFileSync(folder.file("worker.yaml"), "utf8")).toBe("identity:\n  name: w1\n");
    expect(statSync(folder.file("worker.yaml")).mode & 0o777).toBe(0o600);
    expect(configuration.get()).toMatchObject({ version: 1, document: { identity: { name: "w1" } }, state: "good" });
    expect(configuration.running?.values.identity.name).toBe("w1");
    expect(configuration.history()).toMatchObject([
      { version: 1, author: "root", createdAt: 1_000_000, changes: [{ path: "/identity" }] },
    ]);
  });

  test("is rolled back as a new version; the last twenty are kept (CAT-74)", async () => {
    await using worker = await opened();
    const { configuration, put } = worker;
    for (let n = 0; n < 5; n++) await put({ remoteAccess: { roles: { [`r${n}`]: "monitor" } } }, n);
    expect(await configuration.rollback(3, 5, here)).toMatchObject({ version: 6 });
    expect(configuration.running?.values.remoteAccess.roles).toEqual({ r2: "monitor" });
    for (let n = 6; n < 24; n++) await put({ remoteAccess: { roles: { [`r${n}`]: "monitor" } } }, n);
    expect(configuration.history().map(({ version }) => version)).toEqual(Array.from({ length: 20 }, (_, n) => 24 - n));
    await expect(configuration.rollback(3, 24, here)).rejects.toMatchObject({ code: "CONFIG_REFUSED" });
  });

  test("of two editors the second gets a conflict that shows both (CAT-72)", async () => {
    await using worker = await opened();
    const { configuration, put } = worker;
    await put({ helpers: { count: 1 } }, 0);
    await put({ helpers: { count: 2 } }, 1);
    const second = put({ helpers: { count: 3 } }, 1);
    const changes = [{ path: "/helpers/count", base: 1, theirs: 2, yours: 3, conflict: true }];
    await expect(second).rejects.toMatchObject({ code: "CONFIG_STALE", status: 409, version: 2, changes });
    expect(configuration.compare({ helpers: { count: 3 } }, 1)).toEqual({ version: 2, changes });
    const many = await Promise.allSettled([4, 5, 6, 7].map((count) => put({ helpers: { count } }, 2)));
    expect(many.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("shows no secret, keeps it when the marker is written back, and has none in its history (CAT-73)", async () => {
    await using worker = await opened();
    const { configuration, put, folder } = worker;
    await put({ server: { urls: ["https://s"], enrolmentToken: given(password) } }, 0);
    const { document } = configuration.get();
    expect(document).toEqual({ server: { urls: ["https://s"], enrolmentToken: isSet } });
    await put({ ...document, helpers: { count: 2 } }, 1);
    expect(configuration.running?.values.server.enrolmentToken?.reveal()).toBe(password);
    expect(configuration.history()[0]?.changes).toEqual([{ path: "/helpers", after: { count: 2 } }]);
    const shown = [configuration.get(), configuration.effective(), configuration.history(), configuration.running];
    for (const form of [password, Buffer.from(password).toString("base64")])
      expect(JSON.stringify(shown) + textsIn(folder.path)).not.toContain(form);
    await put({ server: { urls: ["https://s"], enrolmentToken: given("another") } }, 2);
    await configuration.rollback(2, 3, here);
    expect(configuration.running?.values.server.enrolmentToken?.reveal()).toBe(password);
  });

  test("marks a secret that was written as plain text", async () => {
    await using worker = await opened();
    const { configuration, folder, options } = worker;
    writeFileSync(folder.file("worker.yaml"), `server: {urls: [https://s], enrolmentToken: ${password}}\n`);
    await configuration.refresh();
    expect(configuration.get()).toMatchObject({ version: 1, document: { server: { enrolmentToken: isSet } } });
    const again = await FileConfiguration.open(options);
    expect(again.get().version).toBe(1);
    expect(again.running?.values.server.enrolmentToken?.reveal()).toBe(password);
    again.close();
  });

  test("an edit by hand is a version, and whoever edits through the service must have seen it", async () => {
    await using worker = await opened();
    const { configuration, put, folder } = worker;
    await put({ helpers: { count: 1 } }, 0);
    writeFileSync(folder.file("worker.yaml"), "helpers: {count: 3} # by hand\n");
    await expect(put({ helpers: { count: 2 } }, 1)).rejects.toMatchObject({ code: "CONFIG_STALE", version: 2 });
    expect(configuration.history()[0]).toMatchObject({ version: 2, author: "file" });
  });

  test("live keys hold at once, the others wait and say for what (CAT-5)", async () => {
    const applied: unknown[] = [];
    await using worker = await opened({ apply: async (_next, changes) => void applied.push(changes) });
    const { configuration, put } = worker;
    await put({ helpers: { count: 1 } }, 0);
    const document = {
      helpers: { count: 2 },
      remoteAccess: { roles: { a: "monitor" } },
      workTypes: [{ worktype: "x" }],
    };
    const { pending } = await put(document, 1);
    expect(pending).toEqual([
      { path: "/helpers/count", applies: "restart" },
      { path: "/workTypes", applies: "drain" },
    ]);
    expect(applied).toEqual([[], [{ path: "/remoteAccess/roles", applies: "live" }]]);
    expect(configuration.running?.values).toMatchObject({
      helpers: { count: 1 },
      remoteAccess: { roles: { a: "monitor" } },
    });
    expect(configuration.effective().pending).toEqual(pending);
  });
});

describe("a file with faults (CAT-9)", () => {
  test.each([
    ["a: [", "", /^line 1, column \d+: /],
    ["a: &x 1\nb: *x\n", "", /^line 1, column \d+: anchors, aliases and tags are not taken here/],
    ["identity: !!str x\n", "", /anchors, aliases and tags/],
    ["helpers:\n  coumt: 3\n", "/helpers/coumt", /^line 2, column 3: there is no such key/],
    ["helpers:\n  count: many\n", "/helpers/count", /^line 2, column 3: /],
    ["api:\n  enabled: true\n  listen: 0.0.0.0\n", "/api/listen", /^line 3, column 3: .*CAT-15/],
    ["- node: {id: x}\n", "", /mapping of sections/],
  ])("%j leaves the worker misconfigured, with place and reason", async (text, path, reason) => {
    await using worker = await opened();
    const { configuration, folder, put, options } = worker;
    writeFileSync(folder.file("worker.yaml"), text);
    const started = await FileConfiguration.open(options);
    started.close();
    expect(started.running).toBeUndefined();
    const faults = [{ path, reason: expect.stringMatching(reason) as string }];
    expect(started.get()).toMatchObject({ state: "misconfigured", faults });
    // Local management is up, and there it can be put right.
    expect(await put({}, configuration.get().version)).toMatchObject({ version: 1 });
  });

  test("is put right through the service, which then starts from it", async () => {
    const applied: unknown[] = [];
    await using worker = await opened({ apply: async (_next, changes) => void applied.push(changes) });
    const { configuration, folder, put } = worker;
    writeFileSync(folder.file("worker.yaml"), "nonsense: 1");
    await configuration.refresh();
    expect(configuration.running).toBeUndefined();
    await put({ identity: { name: "w" } }, 0);
    expect(configuration.running?.values.identity.name).toBe("w");
    expect(applied).toEqual([[]]);
  });

  test("json is taken as well", async () => {
    await using worker = await opened();
    const { configuration, folder } = worker;
    writeFileSync(folder.file("worker.yaml"), '{"identity": {"name": "j"}}');
    await configuration.refresh();
    expect(configuration.running?.values.identity.name).toBe("j");
  });
});

describe("what others could write (CAT-10)", () => {
  test("keeps a system service from starting, and names the path", async () => {
    await using worker = await opened();
    const { folder, options, put } = worker;
    await put({}, 0);
    const owners = { uid: process.getuid?.() ?? 0 };
    chmodSync(folder.file("worker.yaml"), 0o646);
    const refused = FileConfiguration.open({ ...options, owners });
    await expect(refused).rejects.toMatchObject({ code: "CONFIG_UNSAFE", exit: 3 });
    await expect(refused).rejects.toThrow(`${folder.file("worker.yaml")} can be written by everybody`);
    chmodSync(folder.file("worker.yaml"), 0o640);
    chmodSync(folder.path, 0o777);
    await expect(FileConfiguration.open({ ...options, owners })).rejects.toThrow(`${folder.path} can be written by`);
    chmodSync(folder.path, 0o700);
    (await FileConfiguration.open({ ...options, owners })).close();
  });
});

describe("an edit from elsewhere that changes how the worker is reached (CAT-75)", () => {
  const reached = { server: { urls: ["https://right"] } };
  const wrong = { server: { urls: ["https://wrong"] } };

  test("returns by itself when nobody confirms it, and says whether a restart is needed to be back", async () => {
    const returned: unknown[] = [];
    await using worker = await opened({ returned: (pending) => void returned.push(pending) });
    const { configuration, put, clock } = worker;
    await put(reached, 0);
    expect(await put(wrong, 1, anna)).toMatchObject({ version: 2, confirmBefore: clock.now() + 120_000 });
    expect(configuration.effective().pending).toEqual([{ path: "/server/urls", applies: "restart" }]);
    expect(configuration.get().provisional).toMatchObject({ version: 2, by: "anna", back: 1 });
    clock.pass(119_999);
    await configuration.refresh();
    expect(configuration.get().version).toBe(2);
    clock.pass(1);
    await expect.poll(() => configuration.get().version, { timeout: 30_000 }).toBe(3);
    await configuration.refresh();
    expect(configuration.running?.values.server.urls).toEqual(["https://right"]);
    // It was never restarted meanwhile: nothing of the wrong one had come into force.
    expect(returned).toEqual([[]]);
    expect(configuration.get().provisional).toBeNull();
    expect(configuration.history()[0]).toMatchObject({ author: "farhand", comment: /as version 1/ });
  });

  test("stays when the same user confirms it over another connection, and nothing else will do", async () => {
    await using worker = await opened();
    const { configuration, put, clock } = worker;
    await put(reached, 0);
    // At once in force, so that who confirms it has come in under it.
    await put({ ...reached, remoteAccess: { roles: { admin: "admin" } } }, 1, anna);
    const refused = expect.objectContaining({ code: "CONFIG_NOT_CONFIRMED" }) as Error;
    expect(() => configuration.confirm(2, anna)).toThrow(refused);
    expect(() => configuration.confirm(2, { ...anna, name: "berta", connection: "c2" })).toThrow(refused);
    expect(() => configuration.confirm(1, { ...anna, connection: "c2" })).toThrow(refused);
    configuration.confirm(2, { ...anna, connection: "c2" });
    expect(() => configuration.confirm(2, { ...anna, connection: "c2" })).toThrow(refused);
    clock.pass(1_000_000);
    await configuration.refresh();
    expect(configuration.get()).toMatchObject({ version: 2, provisional: null });
  });

  test("returns also when the worker was restarted in between, and when it was down when the time ran out", async () => {
    await using worker = await opened();
    const { configuration, put, clock, options } = worker;
    await put(reached, 0);
    await put(wrong, 1, anna);
    configuration.close();
    const restarted = await FileConfiguration.open(options);
    expect(restarted.running?.values.server.urls).toEqual(["https://wrong"]);
    clock.pass(119_000);
    restarted.close();
    clock.pass(500_000);
    const late = await FileConfiguration.open(options);
    expect(late.running?.values.server.urls).toEqual(["https://right"]);
    expect(late.get().version).toBe(3);
    late.close();
  });

  test("a clock set back by a day makes nobody wait for a day", async () => {
    await using worker = await opened();
    const { put, options, configuration } = worker;
    await put(reached, 0);
    await put(wrong, 1, anna);
    configuration.close();
    const clock = new HandClock(1_000_000 - 86_400_000);
    const returned: unknown[] = [];
    const restarted = await FileConfiguration.open({
      ...options,
      clock,
      returned: (...pending) => returned.push(...pending),
    });
    clock.pass(120_000);
    await expect.poll(() => returned, { timeout: 30_000 }).toEqual([[{ path: "/server/urls", applies: "restart" }]]);
    expect(restarted.get().version).toBe(3);
    restarted.close();
  });

  test("cannot be confirmed before it is in force: the worker must have started with it", async () => {
    await using worker = await opened();
    const { configuration, put } = worker;
    await put(reached, 0);
    await put(wrong, 1, anna);
    expect(() => configuration.confirm(2, { ...anna, connection: "c2" })).toThrow(
      /version 2 is not in force yet: start the worker anew, then confirm \(\/server\/urls wait\)/,
    );
    expect(configuration.get().provisional).toMatchObject({ version: 2 });
  });

  test("further edits do not make it stay: what was last confirmed returns", async () => {
    await using worker = await opened();
    const { configuration, put, clock } = worker;
    await put(reached, 0);
    await put(wrong, 1, anna);
    clock.pass(60_000);
    await put({ ...wrong, helpers: { count: 2 } }, 2, { ...anna, name: "berta", connection: "c5" });
    expect(configuration.get().provisional).toMatchObject({ version: 3, by: "anna", back: 1 });
    // Nor do they give it more time.
    clock.pass(60_000);
    await expect.poll(() => configuration.get().version, { timeout: 30_000 }).toBe(4);
    expect(configuration.get().document).toEqual(reached);
  });

  test("an edit at the machine itself, and one of other keys, need no confirmation", async () => {
    await using worker = await opened();
    const { put } = worker;
    expect(await put(wrong, 0)).toMatchObject({ confirmBefore: null });
    expect(await put({ ...wrong, helpers: { count: 2 } }, 1, anna)).toMatchObject({ confirmBefore: null });
  });
});

describe("validation (CAT-76, CAT-82)", () => {
  const warning = { path: "/dataDir", reason: "full" };
  const checks = {
    faults: () => [],
    warnings: async () => [warning],
  };

  test("refuses what does not fit the schema or itself, and reports the rest as warnings unless told otherwise", async () => {
    await using worker = await opened({ checks });
    const { configuration, put } = worker;
    const refused = (path: string) => ({
      code: "CONFIG_REFUSED",
      message: expect.stringContaining(`${path}: `) as string,
    });
    await expect(put({ helpers: { count: 0 } }, 0)).rejects.toMatchObject(refused("/helpers/count"));
    await expect(put({ api: { cert: "/c" } }, 0)).rejects.toMatchObject(refused("/api/key"));
    await expect(configuration.put({ document: {}, ifMatch: 0, force: false }, here)).rejects.toMatchObject({
      code: "CONFIG_WARNED",
    });
    expect(await configuration.validate({ helpers: { count: 0 } })).toMatchObject({
      faults: [{ path: "/helpers/count" }],
    });
    expect(await configuration.validate({})).toEqual({ faults: [], warnings: [warning] });
    expect(configuration.get().version).toBe(0);
    expect(await put({}, 0)).toMatchObject({ version: 1, warnings: [warning] });
  });

  test("refuses to remove the last way in", async () => {
    await using worker = await opened();
    const { put } = worker;
    const closed = { socket: { enabled: false }, remoteAccess: { roles: {} }, server: { urls: ["https://s"] } };
    await expect(put(closed, 0)).rejects.toThrow(/CAT-82/);
    expect(await put({ ...closed, remoteAccess: { roles: { admin: "admin" } } }, 0)).toMatchObject({ version: 1 });
  });
});
