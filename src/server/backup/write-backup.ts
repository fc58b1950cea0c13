import { createHash } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { errorText, systemCode } from "#core";
import { ServerError } from "../errors.ts";
import { copyOut } from "../store/copy.ts";
import type { Store } from "../store/store.ts";
import { type BackupLine, encodeRow, keyFiles } from "./backup-line.ts";
import { outputPieces } from "./kept-outputs.ts";

export interface BackupReport {
  readonly path: string;
  readonly rows: number;
  /** Names of the key files in it. */
  readonly keys: readonly string[];
  /** Files of outputs that lie with the server. */
  readonly outputs: number;
}

/**
 * Write everything a server must not lose into one file (gzip, JSON lines): the database as it was at one moment, and the
 * keys of the data folder, and the outputs that lie in it. Whoever has the file has the server: it is for its owner alone (mode 600).
 *
 * @throws {ServerError} BACKUP_FAILED; then no file of that name was made or changed.
 */
export async function writeBackup(
  store: Store,
  dataDir: string,
  path: string,
  now = Date.now(),
): Promise<BackupReport> {
  const draft = `${path}.new`;
  try {
    const report = await writeDraft(store, dataDir, draft, now);
    await rename(draft, path);
    return { path, ...report };
  } catch (error) {
    await rm(draft, { force: true });
    throw new ServerError("BACKUP_FAILED", `the backup ${path} was not made: ${errorText(error)}`, { cause: error });
  }
}

async function writeDraft(store: Store, dataDir: string, draft: string, now: number) {
  const gzip = createGzip();
  const file = gzip.pipe(createWriteStream(draft, { mode: 0o600, flush: true }));
  // The file's failure must reach whoever waits for the gzip.
  file.on("error", (error) => gzip.destroy(error));
  // Nobody waits for it while rows are read: the next line that is written finds it.
  gzip.on("error", () => {});
  const hash = createHash("sha256");
  const write = async (line: BackupLine): Promise<void> => {
    const text = `${JSON.stringify(line)}\n`;
    if (line.kind !== "end") hash.update(text);
    if (gzip.errored) throw gzip.errored;
    if (!gzip.write(text)) await once(gzip, "drain");
  };
  await write({ kind: "head", format: "farhand-backup", version: 1, at: now, steps: await store.migrations() });
  const keys: string[] = [];
  for (const name of keyFiles) {
    const bytes = await readIfThere(join(dataDir, name));
    if (bytes === undefined) continue;
    keys.push(name);
    await write({ kind: "file", name, base64: bytes.toString("base64") });
  }
  let rows = 0;
  await copyOut(store, async (table, row) => {
    rows++;
    await write({ kind: "row", table, row: encodeRow(row) });
  });
  // After their units: one that has ended is whole.
  const outputs = new Set<string>();
  for await (const piece of outputPieces(dataDir)) {
    outputs.add(piece.path);
    await write({ kind: "piece", ...piece });
  }
  await write({ kind: "end", rows, sha256: hash.digest("hex") });
  gzip.end();
  await finished(file);
  return { rows, keys, outputs: outputs.size };
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
