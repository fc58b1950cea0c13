import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CliError } from "../errors.ts";
import type { Terminal } from "../terminal.ts";
import type { WorkersApi } from "./workers-api.ts";
import { type PlaceOptions, placeOf } from "./config-place.ts";
import type { ConfigPlace } from "./place.ts";
import { documentYaml, parseDocument } from "./config-yaml.ts";
import { tellConflict, tellWritten } from "./configs.ts";
import { hasKeyboard, openKeyboard } from "./keyboard.ts";
import { tellWorkerWritten } from "./worker-written.ts";
import { ServerProblem } from "./problem.ts";
import type { Shape } from "./shapes.ts";

/** What to edit, and what is said of it. */
export interface Editing extends PlaceOptions {
  /** Of a configuration or a worker. */
  readonly name: string;
  readonly comment?: string | undefined;
  readonly canary?: Shape | undefined;
  readonly json: true | undefined;
}

/**
 * Edit a configuration where it is kept, in the user's editor, and put it in force.
 *
 * When it is not valid, or somebody was faster, that is shown, and the same text is opened again for who wants that. What
 * was written is never lost: when it is given up, the file stays.
 */
export async function editConfig(api: WorkersApi, editing: Editing, terminal: Terminal): Promise<void> {
  const { name, comment, canary, json } = editing;
  const place = await placeOf(api, name, editing);
  if (canary && place.kind === "worker")
    throw new CliError("USAGE", `${name} is a worker with a configuration of its own: there are no others to wait`);
  terminal.say(`editing ${place.what}`);
  const written = await editText(place, { comment, canary }, terminal);
  if (!written) terminal.say("nothing was changed");
  else if (place.kind === "held") tellWritten(place.name, written, { json, canary }, terminal);
  else tellWorkerWritten(place.name, written, json, terminal);
}

type Saying = Pick<Editing, "comment" | "canary">;

async function editText(place: ConfigPlace, saying: Saying, terminal: Terminal): Promise<Shape | undefined> {
  const base = await place.read();
  const version = base.version === 0 ? "new" : `version ${base.version}`;
  const before = await documentYaml(base.document, [`${place.what}, ${version}`, ...(await place.notes())]);
  const folder = await mkdtemp(join(tmpdir(), "farhand-"));
  const file = join(folder, `${place.name.replaceAll(/[^\w.-]/g, "_")}.yaml`);
  await writeFile(file, before, { mode: 0o600 });
  let isDone = false;
  try {
    const written = await editUntilTaken(place, saying, { file, before, version: base.version }, terminal);
    isDone = true;
    return written;
  } finally {
    if (isDone || (await isUnedited(file, before))) await rm(folder, { recursive: true, force: true });
    else terminal.say(`your text is in ${file}`);
  }
}

async function isUnedited(file: string, before: string): Promise<boolean> {
  const text = await readFile(file, "utf8").catch(() => "");
  return text === "" || text === before;
}

interface Draft {
  readonly file: string;
  readonly before: string;
  readonly version: number;
}

async function editUntilTaken(
  place: ConfigPlace,
  { comment, canary }: Saying,
  { file, before, version }: Draft,
  terminal: Terminal,
): Promise<Shape | undefined> {
  for (let ifMatch = version; ; ) {
    await runEditor(file, terminal.env);
    const text = await readFile(file, "utf8");
    if (text === before && ifMatch === version) return undefined;
    try {
      const document = await parseDocument(text, file);
      const edit = { document, ifMatch, comment, canary };
      return await place.put(edit).catch(async (error: unknown) => {
        if (error instanceof ServerProblem && error.code === "CONFIG_STALE")
          tellConflict(await place.differences(error, edit), terminal);
        throw error;
      });
    } catch (error) {
      if (!isForEditor(error) || !(await wantsAgain(error, terminal))) throw error;
      if (error.code === "CONFIG_STALE") ({ version: ifMatch } = await place.read());
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
