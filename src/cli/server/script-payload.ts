import { randomBytes } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { CliError } from "../errors.ts";
import { unreadable } from "../files.ts";

/** A program longer than this is no script; it belongs to a work type of its own. */
const maxScriptBytes = 32 * 1024 * 1024;

/** A file of ours that shall run elsewhere, or a command that is there already. */
export interface Script {
  /** As which it is known there. */
  readonly name: string;
  readonly content: Uint8Array;
}

/**
 * What the words behind `--` mean, by the rule of shells: a first word with a slash is a script of this machine, and the
 * rest are its arguments; without one it is a command of the worker's machine.
 *
 * @throws {CliError} `FILE_UNREADABLE`, `USAGE`
 */
export async function scriptOf([first = "", ...rest]: readonly string[]): Promise<{ script: Script; args: string[] }> {
  if (first.includes("/")) return { script: await scriptIn(first), args: rest };
  return { script: { name: "command", content: Buffer.from('#!/bin/sh\nexec "$@"\n') }, args: [first, ...rest] };
}

/** The script in a file. @throws {CliError} `FILE_UNREADABLE`; `USAGE` when it is too long. */
export async function scriptIn(path: string): Promise<Script> {
  const { size } = await stat(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  if (size > maxScriptBytes) throw new CliError("USAGE", `${path} is longer than 32 MiB, so it is not sent along`);
  const content = await readFile(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  return { name: fileName(path), content };
}

/** Letters a shell leaves alone: the name only helps people who read messages of the script. */
function fileName(path: string): string {
  return (
    basename(path)
      .replaceAll(/[^\w.-]/g, "_")
      .replace(/^-/, "_")
      .slice(0, 100) || "script"
  );
}

/**
 * The payload of the work type `run`: a program for `sh -s`, that writes the script to a private folder, runs it with the
 * arguments it is itself given, and leaves nothing behind.
 *
 * So the script has its own interpreter, does not read itself as its stdin, and its environment stands on no command line.
 *
 * @param env names are those of shell variables; see {@link environmentOf}.
 */
export function runPayload({ name, content }: Script, env: Readonly<Record<string, string>>): string {
  const end = `END_${randomBytes(9).toString("hex")}`;
  const base64 = Buffer.from(content).toString("base64").replaceAll(/.{76}/g, "$&\n");
  return [
    "#!/bin/sh",
    "umask 077",
    "farhand_dir=$(mktemp -d) || exit 125",
    `trap 'rm -rf "$farhand_dir"' EXIT`,
    "trap 'exit 129' HUP",
    "trap 'exit 130' INT",
    "trap 'exit 143' TERM",
    `base64 -d >"$farhand_dir/${name}" <<'${end}' || exit 125`,
    base64,
    end,
    `chmod 700 "$farhand_dir/${name}" || exit 125`,
    ...Object.entries(env).map(([key, value]) => `export ${key}=${quoted(value)}`),
    `"$farhand_dir/${name}" "$@" </dev/null`,
    "exit $?",
    "",
  ].join("\n");
}

/** `NAME=VALUE`, as often as given. @throws {CliError} `USAGE` */
export function environmentOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, name, value = ""] = /^([A-Za-z_]\w*)=([^\0]*)$/s.exec(pair) ?? [];
      if (name !== undefined) return [name, value];
      throw new CliError("USAGE", "--env is no variable", { remedy: "write --env NAME=VALUE" });
    }),
  );
}

function quoted(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}
