import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { errorText, systemCode } from "#core";

/** Far more than a key takes, in bytes. */
export const largestKeyFile = 64 * 1024;

/** Files younger than this may change again without any of their times changing: they are not kept. */
const restlessMs = 2_000;

/**
 * A small file of text that is read when it is used and parsed again when it has changed (spec §2.8).
 *
 * Nothing is read until then, and a fault is thrown at each use, not kept.
 */
export class ParsedFile<T> {
  readonly path: string;
  readonly #limit: number;
  readonly #parse: (text: string) => T;
  #kept: { readonly state: string; readonly value: T } | undefined;

  /** `limit` is the largest file in bytes. */
  constructor(path: string, limit: number, parse: (text: string) => T) {
    this.path = path;
    this.#limit = limit;
    this.#parse = parse;
  }

  /** What the file says now. @throws `open PATH: no such file or directory` and the like, and whatever `parse` throws. */
  async read(): Promise<T> {
    const file = await openPlain(this.path);
    try {
      return await this.#readNow(file);
    } finally {
      await file.close();
    }
  }

  async #readNow(file: FileHandle): Promise<T> {
    const found = await file.stat({ bigint: true });
    if (!found.isFile()) throw new Error(`open ${this.path}: not a plain file`);
    const state = [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(" ");
    if (this.#kept?.state === state) return this.#kept.value;
    const value = this.#parse(await readText(file, this.path, this.#limit));
    const isSettled = Math.abs(Date.now() - Number(found.ctimeMs)) > restlessMs;
    this.#kept = isSettled ? { state, value } : undefined;
    return value;
  }
}

/** A pipe would keep us waiting for whoever writes it, so nothing waits here. */
async function openPlain(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw new Error(`open ${path}: ${reasons[systemCode(error) ?? ""] ?? errorText(error)}`, { cause: error });
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file or directory",
  ENOTDIR: "not a directory",
  EACCES: "permission denied",
};

async function readText(file: FileHandle, path: string, limit: number): Promise<string> {
  const buffer = Buffer.alloc(limit + 1);
  let length = 0;
  for (let got = -1; got !== 0 && length < buffer.length; length += got) {
    got = (await file.read(buffer, length, buffer.length - length, null)).bytesRead;
  }
  if (length > limit) throw new Error(`read ${path}: larger than ${limit} bytes`);
  return buffer.toString("utf8", 0, length);
}
