import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CliError } from "../errors.ts";
import type { Terminal } from "../terminal.ts";
import type { ApiClient } from "./api-client.ts";
import {
  configOf,
  documentText,
  type HeldConfig,
  parseDocument,
  putDocument,
  tellConflict,
  tellWritten,
} from "./configs.ts";
import { hasKeyboard, openKeyboard } from "./keyboard.ts";
import { ServerProblem } from "./problem.ts";
import type { Shape } from "./shapes.ts";

/** What to edit, and what is said of it. */
export interface Editing {
  readonly name: string;
  readonly comment?: string | undefined;
  readonly json: true | undefined;
}

/**
 * Edit a configuration in the user's editor, and put it in force.
 *
 * When it is not valid, or somebody was faster, that is shown, and the same text is opened again for who wants that. What
 * was written is never lost: when it is given up, the file stays.
 */
export async function editConfig(api: ApiClient, editing: Editing, terminal: Terminal): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "farhand-"));
  const file = join(folder, `${editing.name.replaceAll(/[^\w.-]/g, "_")}.json`);
  let isDone = false;
  try {
    const base = await heldOrNew(api, editing.name);
    const before = `${documentText(base.document)}\n`;
    await writeFile(file, before, { mode: 0o600 });
    const written = await editUntilTaken(api, editing, { file, before, base }, terminal);
    isDone = true;
    if (written) tellWritten(editing.name, written, editing.json, terminal);
    else terminal.say("nothing was changed");
  } finally {
    if (isDone || (await isUnedited(file))) await rm(folder, { recursive: true, force: true });
    else terminal.say(`your text is in ${file}`);
  }
}

async function heldOrNew(api: ApiClient, name: string): Promise<HeldConfig> {
  try {
    return await configOf(api, name);
  } catch (error) {
    if (error instanceof ServerProblem && error.code === "CONFIG_NOT_FOUND")
      return { version: 0, document: {}, whole: {} };
    throw error;
  }
}

async function isUnedited(file: string): Promise<boolean> {
  const text = await readFile(file, "utf8").catch(() => "");
  return text === "" || text === "{}\n";
}

interface Draft {
  readonly file: string;
  readonly before: string;
  readonly base: HeldConfig;
}

async function editUntilTaken(
  api: ApiClient,
  { name, comment }: Editing,
  { file, before, base }: Draft,
  terminal: Terminal,
): Promise<Shape | undefined> {
  for (let ifMatch = base.version; ; ) {
    await runEditor(file, terminal.env);
    const text = await readFile(file, "utf8");
    if (text === before && ifMatch === base.version) return undefined;
    try {
      return await putDocument(api, name, { document: parseDocument(text, file), ifMatch, comment });
    } catch (error) {
      if (!isForEditor(error)) throw error;
      tellConflict(error, terminal);
      if (!(await wantsAgain(error, terminal))) throw error;
      if (error.code === "CONFIG_STALE") ({ version: ifMatch } = await configOf(api, name));
    }
  }
}

/** What another look at the text can mend. */
function isForEditor(error: unknown): error is CliError | ServerProblem {
  if (error instanceof ServerProblem)
    return error.status === 400 || error.status === 422 || error.code === "CONFIG_STALE";
  return error instanceof CliError && error.code === "DOCUMENT_INVALID";
}

async function wantsAgain(error: CliError | ServerProblem, terminal: Terminal): Promise<boolean> {
  if (!hasKeyboard(terminal)) return false;
  terminal.say(error.message);
  const question = error.code === "CONFIG_STALE" ? "Edit yours again, to write it over theirs?" : "Edit again?";
  return await openKeyboard(terminal, "").confirm(`${question} (yes/no) `);
}

/** `$VISUAL`, `$EDITOR` or vi; may be a command line of its own, as everywhere. @throws {CliError} `EDITOR_FAILED` */
export async function runEditor(file: string, env: Terminal["env"]): Promise<void> {
  const editor = env["VISUAL"] || env["EDITOR"] || "vi";
  const child = spawn("/bin/sh", ["-c", `${editor} "$1"`, "sh", file], { stdio: "inherit" });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", resolve);
  });
  if (code !== 0) throw new CliError("EDITOR_FAILED", `the editor (${editor}) ended with ${code ?? "a signal"}`);
}
