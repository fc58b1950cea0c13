import { randomBytes } from "node:crypto";
import { chmod, link, open, readFile, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { errorText, systemCode } from "#core";
import { ServerError } from "../errors.ts";

const keyBytes = 32;

/**
 * The key that seals secrets in the database, kept outside of it: 32 bytes in a file that only we may read. Made when it
 * is not there. Every server of one database needs the same.
 *
 * @throws {ServerError} SERVER_KEY_UNUSABLE: it cannot be read or made, others may read it, or it is not one.
 */
export async function openServerKey(path: string): Promise<Buffer> {
  try {
    return (await readKey(path)) ?? (await makeKey(path));
  } catch (error) {
    if (error instanceof ServerError) throw error;
    throw unusable(path, errorText(error), error);
  }
}

async function readKey(path: string): Promise<Buffer | undefined> {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) throw unusable(path, "others than its owner may read it: chmod 600");
    const key = await readFile(path);
    if (key.length !== keyBytes) throw unusable(path, `it is ${key.length} bytes long, not ${keyBytes}`);
    return key;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Made whole under another name first: of two servers that start at once both get the same, and no half of one. */
async function makeKey(path: string): Promise<Buffer> {
  const key = randomBytes(keyBytes);
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    await writeDraft(draft, key);
    await link(draft, path);
    await syncFolder(dirname(path));
    return key;
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
    const theirs = await readKey(path);
    if (theirs === undefined) throw error;
    return theirs;
  } finally {
    await rm(draft, { force: true });
  }
}

async function writeDraft(path: string, key: Buffer): Promise<void> {
  await using file = await open(path, "wx", 0o600);
  // Whatever the umask says.
  await chmod(path, 0o600);
  await file.writeFile(key);
  await file.sync();
}

/** The name too must outlive a power cut: what is sealed with a lost key is lost. */
async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, "r");
  await folder.sync();
}

function unusable(path: string, why: string, cause?: unknown): ServerError {
  return new ServerError("SERVER_KEY_UNUSABLE", `the server's key ${path} cannot be used: ${why}`, { cause });
}
