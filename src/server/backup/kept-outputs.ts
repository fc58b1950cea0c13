import { existsSync } from "node:fs";
import { appendFile, mkdir, open, readdir, rename, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { systemCode } from "#core";
import { ServerError } from "../errors.ts";

/** Outputs that lie with the server, because their workers keep none (workers of Quokka). */
const folderName = "quokka";
const pieceBytes = 512 * 1024;
/** Worker, unit, file. */
const knownPath = /^[0-9a-f]{32}\/\w[\w.-]{0,199}\/(?:output|layers\.jsonl|scan\.txt|path\.png)$/;

/** A piece of an output, behind those of the same path that came before. */
export interface OutputPiece {
  readonly path: string;
  readonly base64: string;
}

/** All outputs of a data folder, in pieces. What is released meanwhile is left out. */
export async function* outputPieces(dataDir: string): AsyncGenerator<OutputPiece> {
  const folder = join(dataDir, folderName);
  const names = await readdir(folder, { recursive: true }).catch(ifGone);
  for (const path of (names ?? []).sort()) if (knownPath.test(path)) yield* piecesOf(join(folder, path), path);
}

async function* piecesOf(file: string, path: string): AsyncGenerator<OutputPiece> {
  const handle = await open(file).catch(ifGone);
  if (!handle) return;
  try {
    const buffer = Buffer.alloc(pieceBytes);
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, pieceBytes);
      if (bytesRead === 0) return;
      yield { path, base64: buffer.toString("base64", 0, bytesRead) };
    }
  } finally {
    await handle.close();
  }
}

/** Outputs of a backup, which are laid beside their place until everything else is known to be right. */
export class RestoredOutputs {
  readonly #dataDir: string;
  readonly #place: string;
  readonly #draft: string;
  readonly #paths = new Set<string>();
  #isNewFolder = false;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
    this.#place = join(dataDir, folderName);
    this.#draft = `${this.#place}.new`;
  }

  /** How many files. */
  get count(): number {
    return this.#paths.size;
  }

  /** @throws {ServerError} BACKUP_INVALID, RESTORE_REFUSED. */
  async put({ path, base64 }: OutputPiece): Promise<void> {
    if (!knownPath.test(path))
      throw new ServerError("BACKUP_INVALID", `it has an output ${JSON.stringify(path).slice(0, 300)}`);
    if (this.count === 0) await this.#begin();
    this.#paths.add(path);
    const file = join(this.#draft, path);
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await appendFile(file, Buffer.from(base64, "base64"), { mode: 0o600 });
  }

  async #begin(): Promise<void> {
    if (existsSync(this.#place))
      throw new ServerError("RESTORE_REFUSED", `the folder ${this.#place} is there already: move it away`);
    this.#isNewFolder = (await mkdir(this.#dataDir, { recursive: true, mode: 0o700 })) !== undefined;
    await rm(this.#draft, { recursive: true, force: true });
  }

  async keep(): Promise<void> {
    if (this.count > 0) await rename(this.#draft, this.#place);
  }

  async drop(): Promise<void> {
    if (this.count > 0) await rm(this.#draft, { recursive: true, force: true });
    if (this.#isNewFolder) await rmdir(this.#dataDir);
  }
}

function ifGone(error: unknown): undefined {
  if (systemCode(error) !== "ENOENT") throw error;
}
