import { open } from "node:fs/promises";
import { CliError } from "./errors.ts";
import { readText, unreadable } from "./files.ts";
import type { Terminal } from "./terminal.ts";

/** Options that say what the payload is (spec §6.3). */
export interface PayloadOptions {
  /** `false` by `--no-payload`; a file or `-` by `--payload`. */
  readonly payload?: string | false;
  readonly payloadLiteral?: string;
}

/**
 * The payload, read while it is sent. A file is opened at once, so that one that is missing makes no unit.
 *
 * Without an option stdin is the payload when it is a pipe or file; a terminal is not read unasked.
 *
 * @throws {CliError} `PAYLOAD_MISSING`, `FILE_UNREADABLE`, `USAGE`
 */
export async function openPayload(options: PayloadOptions, terminal: Terminal): Promise<AsyncIterable<Uint8Array>> {
  const { payload, payloadLiteral } = options;
  if (payload !== undefined && payloadLiteral !== undefined) {
    throw new CliError("USAGE", "give one of -n, -l and -p, not two", { remedy: "leave one of them out" });
  }
  if (payload === false) return chunksOf();
  if (payloadLiteral !== undefined) return chunksOf(Buffer.from(`${payloadLiteral}\n`));
  if (payload !== undefined && payload !== "-") return await fileChunks(payload);
  if (terminal.stdin.isTTY && payload === undefined) {
    throw new CliError("PAYLOAD_MISSING", "the work needs a payload, or the word that it has none", {
      remedy: "-n for none, -l TEXT for a line, -p FILE for a file, -p - to type it",
    });
  }
  if (terminal.stdin.isTTY) terminal.say("payload from the terminal; Ctrl-D ends it");
  return terminal.stdin;
}

async function* chunksOf(...chunks: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

async function fileChunks(path: string): Promise<AsyncIterable<Uint8Array>> {
  try {
    const file = await open(path, "r");
    if ((await file.stat()).isDirectory()) throw Object.assign(new Error("it is a folder"), { code: "EISDIR" });
    return file.createReadStream({ highWaterMark: 256 * 1024 });
  } catch (error) {
    throw unreadable(path, error);
  }
}

/**
 * Work parameters from `-a name=value` and the words behind the work type.
 *
 * A value `@file` is replaced by that file's text, `@@x` means `@x`. The words become `params`, behind what
 * `-a params=…` gave (spec §6.3).
 *
 * @throws {CliError} `USAGE`, `FILE_UNREADABLE`
 */
export async function workParams(pairs: readonly string[], words: readonly string[]): Promise<Record<string, string>> {
  const params: Record<string, string> = {};
  for (const pair of pairs) {
    const [, name, value = ""] = /^([^=]+)=(.*)$/s.exec(pair) ?? [];
    if (name === undefined) {
      throw new CliError("USAGE", `"${pair}" is no parameter`, { remedy: "write -a NAME=VALUE, or -a NAME=@FILE" });
    }
    params[name] = await paramValue(value);
  }
  if (words.length > 0) params["params"] = [params["params"], joinWords(words)].filter(Boolean).join(" ");
  return params;
}

/**
 * One text the daemon splits into these words again (spec §2.4). One word alone goes as it is: it is a text that is
 * quoted already, as one writes it for receptorctl.
 */
function joinWords(words: readonly string[]): string {
  const [only = ""] = words;
  return words.length < 2 ? only : words.map(quoted).join(" ");
}

function quoted(word: string): string {
  return word === "" || /[\s'"\\#]/.test(word) ? `'${word.replaceAll("'", `'\\''`)}'` : word;
}

async function paramValue(value: string): Promise<string> {
  if (value.startsWith("@@")) return value.slice(1);
  return value.startsWith("@") ? await readText(value.slice(1)) : value;
}
