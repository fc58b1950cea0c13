import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { errorText, isJsonObject, type Json, type JsonObject, type Log } from "#core";
import { keptVersions } from "#fleet";
import { writeFileAtomic } from "./atomic-file.ts";

/** A version of the document, secrets sealed. */
export interface StoredVersion {
  readonly version: number;
  readonly document: JsonObject;
  /** Who wrote it; `file` for one that was edited by hand. */
  readonly author: string;
  readonly comment: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** The last 20 versions of a file (CAT-74), each a file of its own, 0600 in a 0700 folder. */
export class History {
  readonly #folder: string;
  readonly #log: Log;
  #versions: readonly StoredVersion[];

  /** @throws the system error when the folder cannot be made. */
  constructor(folder: string, log: Log) {
    this.#folder = folder;
    this.#log = log;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#versions = this.#read();
  }

  /** The newest first. */
  get versions(): readonly StoredVersion[] {
    return this.#versions;
  }

  get newest(): StoredVersion | undefined {
    return this.#versions[0];
  }

  find(version: number): StoredVersion | undefined {
    return this.#versions.find((each) => each.version === version);
  }

  add(version: StoredVersion): void {
    writeFileAtomic(this.#path(version.version), JSON.stringify(version), 0o600);
    const all = [version, ...this.#versions];
    this.#versions = all.slice(0, keptVersions);
    for (const old of all.slice(keptVersions)) rmSync(this.#path(old.version), { force: true });
  }

  #read(): StoredVersion[] {
    const numbers = readdirSync(this.#folder).flatMap((name) => Number(/^(\d{1,15})\.json$/.exec(name)?.[1] ?? []));
    return numbers
      .sort((a, b) => b - a)
      .slice(0, keptVersions)
      .flatMap((number) => this.#readVersion(number) ?? []);
  }

  /** One that cannot be read is one less to go back to, and no reason not to start (CAT-9). */
  #readVersion(number: number): StoredVersion | undefined {
    const path = this.#path(number);
    try {
      const value = JSON.parse(readFileSync(path, "utf8")) as Json;
      if (isStored(value) && value.version === number) return value;
      this.#log.warn(`${path} holds no version of the configuration, and is ignored`);
    } catch (error) {
      this.#log.warn(`${path} cannot be read, and is ignored: ${errorText(error)}`);
    }
    return undefined;
  }

  #path(version: number): string {
    return join(this.#folder, `${String(version).padStart(6, "0")}.json`);
  }
}

function isStored(value: unknown): value is StoredVersion {
  if (!isJsonObject(value as Json)) return false;
  const { version, document, author, comment, createdAt } = value as JsonObject;
  const isDated = typeof version === "number" && typeof createdAt === "number";
  return isDated && typeof author === "string" && typeof comment === "string" && isJsonObject(document);
}
