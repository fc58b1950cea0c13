import { constants, type Stats } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorText, systemCode } from "#core";
import { CliError } from "../errors.ts";
import { oneLine } from "../quantities.ts";
import { parseDocument } from "./config-yaml.ts";
import { type HandEntry, HandList } from "./hand-list-schema.ts";
import { serversPath } from "./servers-file.ts";

const maxBytes = 1024 * 1024;
const maxPasswordBytes = 4_096;

/** `workers.yaml` beside the logins: `~/.config/farhand/workers.yaml`. */
export function handListPath(env: Readonly<Record<string, string | undefined>>): string {
  return join(dirname(serversPath(env)), "workers.yaml");
}

/**
 * The workers that this user has written down; none when there is no file.
 *
 * @throws {CliError} `CREDENTIALS_EXPOSED` when others can change where our passwords go, `HAND_LIST_INVALID`.
 */
export async function readHandList(path: string): Promise<readonly HandEntry[]> {
  const text = await readOwn(path, { notFor: 0o022, maxBytes });
  if (text === undefined) return [];
  const read = HandList.safeParse(await parseDocument(text, path));
  if (read.success) return read.data.workers;
  const [issue] = read.error.issues;
  const why = `${issue?.path.join(".") || "it"}: ${oneLine(issue?.message ?? "not valid")}`;
  throw new CliError("HAND_LIST_INVALID", `${path}: ${why}`, {
    remedy: "each worker has name, host, port, pin, and passwordFile: the path of a file, never the password",
  });
}

/** The password that an entry refers to. @throws {CliError} `CREDENTIALS_EXPOSED`, `HAND_LIST_INVALID`. */
export async function passwordOf(path: string): Promise<string> {
  const text = await readOwn(path, { notFor: 0o077, maxBytes: maxPasswordBytes });
  const [line = ""] = (text ?? "").split(/\r?\n/, 1);
  if (line !== "") return line;
  throw new CliError("HAND_LIST_INVALID", `${path} holds no password`, { remedy: "its first line is the password" });
}

interface Asked {
  /** Bits of the mode that nobody else may have. */
  readonly notFor: number;
  readonly maxBytes: number;
}

/** Text of a file that is ours, undefined when there is none. */
async function readOwn(path: string, asked: Asked): Promise<string | undefined> {
  const { O_NONBLOCK, O_RDONLY } = constants;
  try {
    await using file = await open(path, O_RDONLY | O_NONBLOCK);
    requireOwn(path, await file.stat(), asked);
    return await file.readFile("utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    if (error instanceof CliError) throw error;
    throw new CliError("HAND_LIST_INVALID", `${path} cannot be read: ${errorText(error)}`, { cause: error });
  }
}

function requireOwn(path: string, { mode, uid, size }: Stats, asked: Asked): void {
  const self = process.getuid?.();
  const isOthers = self !== undefined && uid !== self && uid !== 0;
  if (isOthers || (mode & asked.notFor) !== 0)
    throw new CliError(
      "CREDENTIALS_EXPOSED",
      `${path} can be ${asked.notFor === 0o022 ? "changed" : "read"} by others`,
      {
        remedy: `\`chmod ${asked.notFor === 0o022 ? "go-w" : "600"} ${path}\`; it must be yours`,
      },
    );
  if (size > asked.maxBytes) throw new CliError("HAND_LIST_INVALID", `${path} is too large to be what it should be`);
}
