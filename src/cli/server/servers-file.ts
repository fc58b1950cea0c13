import { constants, type Stats } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { errorText, lockFile, systemCode } from "#core";
import { CliError } from "../errors.ts";
import { isTrust, type Trust } from "./trust.ts";

/** A server this user has logged in to. */
export interface SavedServer {
  /** As on the command line: `--server NAME`. */
  readonly name: string;
  /** Up to, and without, `/api`; no slash at its end. */
  readonly url: string;
  readonly user: string;
  /** Session token. */
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  readonly trust: Trust;
}

/** Everything in the file. */
export interface SavedServers {
  /** Name of the server that is meant when none is named. */
  readonly chosen: string | undefined;
  readonly servers: readonly SavedServer[];
}

const maxBytes = 1024 * 1024;

/** `$XDG_CONFIG_HOME/farhand/servers.json`, without the variable `~/.config/farhand/servers.json`. */
export function serversPath(env: Readonly<Record<string, string | undefined>>): string {
  const given = env["XDG_CONFIG_HOME"];
  // A relative path in the variable does not count, as its specification says.
  const folder = given && isAbsolute(given) ? given : join(homedir(), ".config");
  return join(folder, "farhand", "servers.json");
}

/**
 * The servers of this user; none when there is no file yet.
 *
 * @throws {CliError} `CREDENTIALS_EXPOSED` when others can read or write the file, `CREDENTIALS_UNUSABLE`
 */
export async function readServers(path: string): Promise<SavedServers> {
  const text = await readPrivately(path);
  if (text === undefined) return { chosen: undefined, servers: [] };
  const { chosen, servers } = parsed(text, path);
  return { chosen: typeof chosen === "string" ? chosen : undefined, servers: (servers as unknown[]).filter(isSaved) };
}

/** Change the file; of several programs at once one does it after the other. @throws {CliError} as {@link readServers} */
export async function changeServers(path: string, change: (old: SavedServers) => SavedServers): Promise<void> {
  await usable(path, () => mkdir(dirname(path), { recursive: true, mode: 0o700 }));
  const lock = await usable(path, () => lockFile(`${path}.lock`));
  try {
    const changed = change(await readServers(path));
    await usable(path, () => writeWhole(path, `${JSON.stringify({ version: 1, ...changed }, null, 2)}\n`));
  } finally {
    lock.close();
  }
}

async function readPrivately(path: string): Promise<string | undefined> {
  const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch((error: unknown) => {
    if (systemCode(error) === "ENOENT") return undefined;
    throw unusable(path, errorText(error), error);
  });
  try {
    if (!file) return undefined;
    requirePrivate(path, await file.stat());
    return await file.readFile("utf8");
  } finally {
    await file?.close();
  }
}

function requirePrivate(path: string, { mode, uid, size }: Stats): void {
  if ((mode & 0o077) !== 0)
    throw new CliError("CREDENTIALS_EXPOSED", `${path} holds your logins, and others can read or write it`, {
      remedy: `\`chmod 600 ${path}\`, then \`farhand logout\` and log in again: somebody may have read it`,
    });
  const self = process.getuid?.();
  if (self !== undefined && uid !== self)
    throw new CliError("CREDENTIALS_EXPOSED", `${path} belongs to somebody else`, {
      remedy: "remove it, or set XDG_CONFIG_HOME to a folder of yours",
    });
  if (size > maxBytes) throw unusable(path, "it is too large to be what it should be");
}

function parsed(text: string, path: string): { chosen?: unknown; servers: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && "servers" in value && Array.isArray(value.servers)) return value;
  } catch {
    // Said below, and without a piece of the text, which may be a token.
  }
  throw unusable(path, "it is damaged");
}

function isSaved(value: unknown): value is SavedServer {
  if (typeof value !== "object" || value === null) return false;
  const { name, url, user, token, expiresAt, trust } = value as Record<string, unknown>;
  const texts = [name, url, user, token].every((text) => typeof text === "string");
  return texts && typeof expiresAt === "number" && isTrust(trust);
}

/** A new file in the place of the old one, or the old one as it was. */
async function writeWhole(path: string, text: string): Promise<void> {
  const fresh = `${path}.${process.pid}.new`;
  await rm(fresh, { force: true });
  try {
    const file = await open(fresh, "wx", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
}

async function usable<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw unusable(path, errorText(error), error);
  }
}

function unusable(path: string, why: string, cause?: unknown): CliError {
  return new CliError("CREDENTIALS_UNUSABLE", `your logins in ${path} cannot be used: ${why}`, { cause });
}
