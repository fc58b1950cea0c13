import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { silentLog } from "#core";
import { goodPassword, testAccess } from "../../../test/kit/access.ts";
import { describeWithStores } from "../../../test/kit/stores.ts";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { Audit } from "../audit/audit.ts";
import { Enrolments } from "../registry/enrolments.ts";
import { openStore, type Store } from "../store/store.ts";
import { restoreBackup } from "./restore-backup.ts";
import { writeBackup } from "./write-backup.ts";

/** A server's data: a user with a second factor, audit, enrolments. */
async function fill(store: Store, dataDir: string): Promise<void> {
  const access = testAccess(store);
  const user = await access.accounts.create({ name: "ada", password: goodPassword, role: "admin", labels: null });
  await access.factors.begin(user.id);
  const audit = new Audit(store);
  for (let n = 0; n < 2_345; n++) void audit.record("server", "test", `subject ${n}`);
  await new Enrolments({ store, audit }).make({ name: "w*" }, user.id);
  await writeFile(join(dataDir, "server.secret"), Buffer.alloc(32, 9));
  await mkdir(join(dataDir, outputs), { recursive: true });
  await writeFile(join(dataDir, outputs, "output"), packets);
  await writeFile(join(dataDir, outputs, "scan.txt"), "");
}

/** Of a worker that keeps none itself; longer than one piece. */
const outputs = `quokka/${"ab".repeat(16)}/unit-1`;
const packets = Buffer.alloc(1_200_000, "packets ");

describeWithStores("a backup", (maker) => {
  test.each(["the same kind", "SQLite"])("is restored into a database of %s, every row the same", async (kind) => {
    await using folder = await tempFolder();
    await using store = await maker.open();
    await fill(store, folder.path);
    const report = await writeBackup(store, folder.path, join(folder.path, "backup"));
    expect(report.rows).toBeGreaterThan(2_345);
    expect((await stat(report.path)).mode & 0o777).toBe(0o600);
    const sqlite = { kind: "sqlite", path: join(folder.path, "new.db") } as const;
    await using other = kind === "SQLite" ? await openStore(sqlite, silentLog) : await maker.open();
    const restored = await restoreBackup(other, join(folder.path, "new"), report.path);
    expect(restored).toMatchObject({ rows: report.rows, keys: ["server.secret"], outputs: report.outputs });
    expect((await readFile(join(folder.path, "new", outputs, "output"))).equals(packets)).toBe(true);
    expect(await readFile(join(folder.path, "new", "server.secret"))).toEqual(Buffer.alloc(32, 9));
    const again = await writeBackup(other, join(folder.path, "new"), join(folder.path, "again"), restored.at);
    expect(rowsIn(await readFile(again.path))).toEqual(rowsIn(await readFile(report.path)));
    const audit = new Audit(other);
    await audit.record("server", "test", "goes on");
    expect(await audit.verify()).toMatchObject({ ok: true });
  });

  test("brings no session back, for it may have been ended since", async () => {
    await using folder = await tempFolder();
    await using store = await maker.open();
    await fill(store, folder.path);
    const before = testAccess(store);
    const [ada] = await before.accounts.list();
    const { token } = await before.sessions.open(ada?.id ?? "", { source: "192.0.2.1", client: "test" }, false);
    const api = await before.apiTokens.make(ada?.id ?? "", { name: "ci", scopes: ["*:monitor"], expiresAt: null });
    const { path, rows } = await writeBackup(store, folder.path, join(folder.path, "backup"));
    await before.sessions.endAll(ada?.id ?? "", "ended");
    await using other = await maker.open();
    expect(await restoreBackup(other, join(folder.path, "new"), path)).toMatchObject({ rows, sessions: 1 });
    const { callers } = testAccess(other);
    await expect(callers.identify(token)).rejects.toMatchObject({ code: "CREDENTIAL_INVALID" });
    expect(await callers.identify(api.token)).toMatchObject({ kind: "token" });
  });

  test("that was changed, cut off, or is no backup changes nothing", async () => {
    await using folder = await tempFolder();
    await using store = await maker.open();
    await fill(store, folder.path);
    const { path } = await writeBackup(store, folder.path, join(folder.path, "backup"));
    const text = gunzipSync(await readFile(path)).toString();
    const bad = join(folder.path, "bad");
    await using other = await maker.open();
    const stray = JSON.stringify({ kind: "piece", path: "../../stray", base64: "" });
    const forged = `${text.trimEnd()}\n${text.split("\n")[2]}\n`;
    const strayed = `${text.split("\n")[0]}\n${stray}\n`;
    for (const content of [text.replace("ada", "eve"), forged, strayed, text.slice(0, text.length / 2), "{}\n", ""]) {
      await writeFile(bad, gzipSync(content));
      await expect(restoreBackup(other, join(folder.path, "new"), bad)).rejects.toMatchObject({
        code: "BACKUP_INVALID",
      });
    }
    await writeFile(bad, await readFile(path));
    await truncate(bad, 1_000);
    await expect(restoreBackup(other, join(folder.path, "new"), bad)).rejects.toMatchObject({ code: "BACKUP_INVALID" });
    await expect(stat(join(folder.path, "new"))).rejects.toMatchObject({ code: "ENOENT" });
    await restoreBackup(other, join(folder.path, "new"), path);
  });

  test("that cannot be written says so", async () => {
    await using folder = await tempFolder();
    await using store = await maker.open();
    const nowhere = writeBackup(store, folder.path, join(folder.path, "none", "backup"));
    await expect(nowhere).rejects.toMatchObject({ code: "BACKUP_FAILED" });
  });

  test("whose keys cannot be written is not restored at all, and can be tried again", async () => {
    await using folder = await tempFolder();
    await using store = await maker.open();
    await fill(store, folder.path);
    const { path } = await writeBackup(store, folder.path, join(folder.path, "backup"));
    await using other = await maker.open();
    const place = join(folder.path, "new");
    await writeFile(place, "a file where the folder should be");
    await expect(restoreBackup(other, place, path)).rejects.toMatchObject({ code: "BACKUP_INVALID" });
    await rm(place);
    expect(await restoreBackup(other, place, path)).toMatchObject({ keys: ["server.secret"] });
    expect((await readdir(place)).sort()).toEqual(["quokka", "server.secret"]);
  });

  test("is not restored over what is there", async () => {
    await using folder = await tempFolder();
    await using store = await maker.open();
    await fill(store, folder.path);
    const { path } = await writeBackup(store, folder.path, join(folder.path, "backup"));
    const refused = { code: "RESTORE_REFUSED" };
    await expect(restoreBackup(store, join(folder.path, "new"), path)).rejects.toMatchObject(refused);
    await using other = await maker.open();
    await expect(restoreBackup(other, folder.path, path)).rejects.toMatchObject(refused);
  });
});

/** The rows of a backup, however its tables were ordered by their database. */
function rowsIn(backup: Buffer): string[] {
  const lines = gunzipSync(backup).toString().split("\n");
  return lines
    .filter((line) => line.includes('"kind":"row"'))
    .map(sortedText)
    .sort();
}

function sortedText(line: string): string {
  const { table, row } = JSON.parse(line) as { table: string; row: object };
  const entries = Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify([table, entries]))
    .digest("hex");
}
