import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";
import { errorText } from "#core";
import { ServerError } from "../errors.ts";
import { copyIn, type CopiedRow, type CopyTarget, hasUsers, isCopiedTable } from "../store/copy.ts";
import type { Store } from "../store/store.ts";
import { type BackupLine, decodeRow, keyFiles } from "./backup-line.ts";
import { RestoredOutputs } from "./kept-outputs.ts";

const batchRows = 500;

export interface RestoreReport {
  readonly rows: number;
  /** Logins of then that were not put back. */
  readonly sessions: number;
  readonly keys: readonly string[];
  /** Files of outputs that lie with the server. */
  readonly outputs: number;
  /** When the backup was made, milliseconds since 1970. */
  readonly at: number;
}

/**
 * Put a backup back into an empty database, of either kind, and its keys into a data folder that has none. All of it is
 * read and compared with its hash before anything stays. Sessions are left out: some of them were ended after the backup,
 * and nobody knows which.
 *
 * @throws {ServerError} BACKUP_INVALID, RESTORE_REFUSED; then nothing has changed.
 */
export async function restoreBackup(store: Store, dataDir: string, path: string): Promise<RestoreReport> {
  await refuseOccupied(store, dataDir);
  const files = new Map<string, Buffer>();
  const outputs = new RestoredOutputs(dataDir);
  const report = { rows: 0, sessions: 0, at: 0 };
  // Asked before: within the transaction SQLite answers nobody else.
  const steps = await store.migrations();
  try {
    await copyIn(store, async (target) => {
      await readInto(target, path, steps, { files, outputs }, report);
      // A database whose keys cannot be written is worth nothing, and would be in the way of the next try.
      await writeDrafts(dataDir, files);
    });
  } catch (error) {
    for (const name of files.keys()) await rm(draftOf(dataDir, name), { force: true }).catch(() => {});
    await outputs.drop().catch(() => {});
    if (error instanceof ServerError) throw error;
    throw new ServerError("BACKUP_INVALID", `${path} is no whole backup: ${errorText(error)}`, { cause: error });
  }
  for (const name of files.keys()) await rename(draftOf(dataDir, name), join(dataDir, name));
  await outputs.keep();
  return { ...report, keys: [...files.keys()], outputs: outputs.count };
}

async function writeDrafts(dataDir: string, files: ReadonlyMap<string, Buffer>): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  for (const [name, bytes] of files) {
    const mode = name.endsWith(".crt") ? 0o644 : 0o600;
    await writeFile(draftOf(dataDir, name), bytes, { mode, flush: true });
  }
}

const draftOf = (dataDir: string, name: string): string => join(dataDir, `${name}.new`);

async function refuseOccupied(store: Store, dataDir: string): Promise<void> {
  if (await hasUsers(store))
    throw new ServerError("RESTORE_REFUSED", "the database has users already: name an empty one");
  const there: readonly string[] = await readdir(dataDir).catch(() => []);
  const key = keyFiles.find((name) => there.includes(name));
  if (key)
    throw new ServerError("RESTORE_REFUSED", `the folder ${dataDir} holds the keys of a server already (${key})`);
}

async function readInto(
  target: CopyTarget,
  path: string,
  steps: readonly string[],
  { files, outputs }: { readonly files: Map<string, Buffer>; readonly outputs: RestoredOutputs },
  report: { rows: number; sessions: number; at: number },
): Promise<void> {
  const hash = createHash("sha256");
  const batch = new Batch(target);
  let isWhole = false;
  for await (const [text, line] of linesOf(path)) {
    if (isWhole) throw invalid(path, "something stands behind its end");
    if (line.kind === "end") {
      await batch.flush();
      isWhole = line.rows === report.rows && line.sha256 === hash.digest("hex");
      if (!isWhole) throw invalid(path, "it is not what was written: its hash is another");
      continue;
    }
    hash.update(`${text}\n`);
    if (line.kind === "head") report.at = checkHead(line, path, steps);
    else if (report.at === 0) throw invalid(path, "it does not begin as one");
    else if (line.kind === "file") files.set(keyName(line.name, path), Buffer.from(line.base64, "base64"));
    else if (line.kind === "piece") await outputs.put(line);
    else if (isCopiedTable(line.table)) {
      report.rows++;
      if (line.table === "session") report.sessions++;
      else await batch.add(line.table, decodeRow(line.row));
    } else throw invalid(path, `it has a table ${JSON.stringify(line.table)}`);
  }
  if (!isWhole) throw invalid(path, "it breaks off");
}

async function* linesOf(path: string): AsyncGenerator<readonly [string, BackupLine]> {
  const source = createReadStream(path);
  const gunzip = source.pipe(createGunzip());
  source.on("error", (error) => gunzip.destroy(error));
  const lines = createInterface({ input: gunzip, crlfDelay: Number.POSITIVE_INFINITY });
  // It would wait for the end of what broke off.
  gunzip.on("error", () => lines.close());
  for await (const text of lines) yield [text, JSON.parse(text) as BackupLine];
  if (gunzip.errored) throw gunzip.errored;
}

function checkHead(head: BackupLine & { kind: "head" }, path: string, steps: readonly string[]): number {
  if (head.format !== "farhand-backup" || head.version !== 1) throw invalid(path, "it is of a later version");
  const unknown = head.steps.filter((step) => !steps.includes(step));
  if (unknown.length > 0) throw invalid(path, `it is of a later version (${unknown.join(", ")})`);
  return head.at;
}

function keyName(name: string, path: string): string {
  if (keyFiles.some((known) => known === name)) return name;
  throw invalid(path, `it has a file ${JSON.stringify(name)}`);
}

/** Rows of one table go in together. */
class Batch {
  readonly #target: CopyTarget;
  #table: Parameters<CopyTarget["put"]>[0] | undefined;
  #rows: CopiedRow[] = [];

  constructor(target: CopyTarget) {
    this.#target = target;
  }

  async add(table: Parameters<CopyTarget["put"]>[0], row: CopiedRow): Promise<void> {
    if (table !== this.#table || this.#rows.length === batchRows) await this.flush();
    this.#table = table;
    this.#rows.push(row);
  }

  async flush(): Promise<void> {
    const rows = this.#rows;
    this.#rows = [];
    if (this.#table) await this.#target.put(this.#table, rows);
  }
}

const invalid = (path: string, why: string): ServerError =>
  new ServerError("BACKUP_INVALID", `${path} is no backup that can be used: ${why}`);
