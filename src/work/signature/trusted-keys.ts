import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { errorText, type Log, systemCode } from "#core";
import { WorkError } from "../errors.ts";
import { keyIdOf } from "./order.ts";
import { ParsedFile } from "./parsed-file.ts";
import { type NamedKey, orderPublicKeys } from "./pem.ts";

const largestFile = 256 * 1024;
const mostFiles = 1_000;

/** Trusted keys by key id. */
type Keys = ReadonlyMap<string, NamedKey>;

/**
 * The keys whose orders this node takes: a file of PEM public keys, or a folder of such files, read again at each use.
 *
 * A key is called what the comment in front of it says, else what its file is called without `.pem`.
 */
export class TrustedKeys {
  readonly #path: string;
  readonly #log: Log;
  readonly #files = new Map<string, ParsedFile<Keys>>();
  #scan: Promise<Keys> | undefined;

  constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
  }

  /** @throws {WorkError} `VERIFYING_KEY_UNUSABLE` when file or folder cannot be read. A bad file of a folder is left out. */
  async find(keyId: string): Promise<NamedKey | undefined> {
    // One at a time: however many bad orders arrive, they do not make us read more than one folder at once.
    this.#scan ??= this.#read().finally(() => {
      this.#scan = undefined;
    });
    return (await this.#scan).get(keyId);
  }

  async #read(): Promise<Keys> {
    try {
      const names = await pemFiles(this.#path);
      return names === undefined ? await this.#file(this.#path).read() : await this.#readFolder(names);
    } catch (error) {
      throw new WorkError("VERIFYING_KEY_UNUSABLE", `could not load verifying key file: ${errorText(error)}`, {
        cause: error,
      });
    }
  }

  async #readFolder(names: readonly string[]): Promise<Keys> {
    const paths = names.map((name) => join(this.#path, name));
    for (const path of this.#files.keys()) if (!paths.includes(path)) this.#files.delete(path);
    const all = new Map<string, NamedKey>();
    for (const path of paths) {
      for (const [id, key] of await this.#readOne(path)) if (!all.has(id)) all.set(id, key);
    }
    return all;
  }

  async #readOne(path: string): Promise<Keys> {
    try {
      return await this.#file(path).read();
    } catch (error) {
      this.#log.warn(`no key of ${path} is trusted: ${errorText(error)}`);
      return new Map();
    }
  }

  #file(path: string): ParsedFile<Keys> {
    const known = this.#files.get(path);
    if (known) return known;
    const file = new ParsedFile<Keys>(path, largestFile, (text) => keysOf(text, basename(path, ".pem")));
    this.#files.set(path, file);
    return file;
  }
}

/** In the order of their names; undefined when the path is no folder. @throws the system error. */
async function pemFiles(path: string): Promise<string[] | undefined> {
  let names: string[];
  try {
    names = await readdir(path);
  } catch (error) {
    if (systemCode(error) === "ENOTDIR") return undefined;
    throw error;
  }
  const files = names.filter((name) => name.endsWith(".pem") && !name.startsWith("."));
  if (files.length > mostFiles) throw new Error(`${path} holds more than ${mostFiles} keys`);
  return files.toSorted();
}

function keysOf(text: string, fileName: string): Keys {
  const keys = new Map<string, NamedKey>();
  for (const { comment, key } of orderPublicKeys(text)) keys.set(keyIdOf(key), { name: comment || fileName, key });
  return keys;
}
