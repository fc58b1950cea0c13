import { type FileHandle, mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { systemCode } from "#core";
import { flushFile } from "../unit/flush.ts";

/** The nonce of an order that was taken. Ids are lower-case hex, the time is milliseconds since 1970. */
export interface UsedNonce {
  readonly keyId: string;
  readonly nonce: string;
  readonly notAfter: number;
}

/** What is known of nonces that are not in the file. Times are milliseconds since 1970. */
export interface NonceBounds {
  /** Latest end of an order whose nonce was forgotten: one that ends by then may have been used. */
  readonly forgottenUntil: number;
  /** Orders that begin before may have been used without a record. */
  readonly knownSince: number;
}

/** What the file says. `bounds` is undefined when there is no file, or when some of it cannot be read. */
export interface NonceRecords {
  readonly bounds: NonceBounds | undefined;
  readonly used: readonly UsedNonce[];
  readonly isDamaged: boolean;
}

const title = /^farhand-nonces 1 (\d{1,16}) (\d{1,16})$/;
const record = /^([0-9a-f]{64}) ([0-9a-f]{32}) (\d{1,16})$/;

/** The text of a whole file. */
export function encodeNonces({ forgottenUntil, knownSince }: NonceBounds, used: Iterable<UsedNonce>): string {
  return `farhand-nonces 1 ${forgottenUntil} ${knownSince}\n${encodeUsed(used)}`;
}

/** The text of nonces that are added to a file. */
export function encodeUsed(used: Iterable<UsedNonce>): string {
  return Array.from(used, ({ keyId, nonce, notAfter }) => `${keyId} ${nonce} ${notAfter}\n`).join("");
}

/**
 * Read a file, however it was damaged. A last part without a whole line was being written when the machine stopped: nobody
 * was told that it counts, so it is no damage.
 */
export function decodeNonces(text: string): NonceRecords {
  const [first = "", ...lines] = text.split("\n").slice(0, -1);
  const bounds = title.exec(first);
  const read = lines.map((line) => record.exec(line));
  const whole = read.slice(0, read.findLastIndex((match) => match !== null) + 1);
  const used = whole.flatMap((match) =>
    match ? [{ keyId: match[1] ?? "", nonce: match[2] ?? "", notAfter: Number(match[3]) }] : [],
  );
  return {
    bounds: bounds ? { forgottenUntil: Number(bounds[1]), knownSince: Number(bounds[2]) } : undefined,
    used,
    isDamaged: bounds === null || used.length < whole.length,
  };
}

/** The file `nonces` of a folder: what was appended is on disk when the promise is kept. */
export class NonceFile {
  readonly #folder: string;
  #open: FileHandle | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Undefined when there is none yet. @throws the system error. */
  async read(): Promise<NonceRecords | undefined> {
    try {
      return decodeNonces(await readFile(this.#path, "utf8"));
    } catch (error) {
      if (systemCode(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  /** Put a new file in the place of the old one. @throws the system error; then the old one stays. */
  async replace(text: string): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const next = await open(`${this.#path}.new`, "w", 0o600);
    try {
      await next.writeFile(text);
      await flushFile(next.fd);
      await rename(`${this.#path}.new`, this.#path);
      await flushFolder(this.#folder);
    } catch (error) {
      await next.close();
      throw error;
    }
    await this.close();
    this.#open = next;
  }

  /** Only after {@link replace}. @throws the system error; then the file may end in a part of the text. */
  async append(text: string): Promise<void> {
    if (!this.#open) throw new TypeError("the file of nonces is not open");
    await this.#open.writeFile(text);
    await flushFile(this.#open.fd);
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.close();
  }

  get #path(): string {
    return join(this.#folder, "nonces");
  }
}

/** Or a machine that stops may come back with the old file under the name. */
async function flushFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
