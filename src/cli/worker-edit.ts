import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonObject } from "#core";
import type { ConfigEffective, ConfigGot, ConfigWritten } from "#fleet";
import { CliError } from "./errors.ts";
import { readText } from "./files.ts";
import { openOwnSetup } from "./own-setup.ts";
import { runEditor } from "./server/config-edit.ts";
import { documentYaml, parseDocument } from "./server/config-yaml.ts";
import type { Shape } from "./server/shapes.ts";
import { fixedNotes } from "./server/worker-place.ts";
import type { Terminal } from "./terminal.ts";
import { workerMode } from "./worker-mode.ts";
import type { WorkerModeOptions } from "./worker-mode-options.ts";
import { askWorker, type WorkerSocketOptions } from "./worker-socket.ts";

/** Options of `farhand worker edit`. */
export interface WorkerEditOptions extends WorkerSocketOptions, WorkerModeOptions {
  readonly from?: string;
  readonly comment?: string;
}

/** Where the configuration is edited: through the service, or in its file while there is none (CAT-30). */
export interface EditedPlace {
  readonly got: ConfigGot;
  /** Values that are decided elsewhere (CAT-8), a line each. */
  readonly notes: readonly string[];
  put(document: JsonObject): Promise<ConfigWritten>;
  /** What is to be done for it to count. */
  readonly afterwards: string;
  close(): Promise<void>;
}

/** Edit the configuration of the worker of this machine. @throws what the editor, the worker or its file says. */
export async function editWorker(options: WorkerEditOptions, terminal: Terminal): Promise<void> {
  const place = await openPlace(options, terminal.env);
  try {
    const { got, notes } = place;
    const where = got.place.kind === "file" ? got.place.path : got.place.name;
    const before = await documentYaml(got.document, [`${where}, version ${got.version}`, ...notes]);
    const edited =
      options.from === undefined ? undefined : await parseDocument(await readText(options.from), options.from);
    const written = edited ? await place.put(edited) : await editedIn(place, before, terminal);
    if (!written) return terminal.say("nothing was changed");
    for (const { path, reason } of written.warnings) terminal.say(`warning: ${path}: ${reason}`);
    for (const { path, applies } of written.pending)
      if (applies !== "live") terminal.say(`${path} takes effect at the next restart`);
    terminal.say(`version ${written.version} is written; ${place.afterwards}`);
  } finally {
    await place.close();
  }
}

/** What was written is never lost: when it is not taken, the file stays. */
async function editedIn(place: EditedPlace, before: string, terminal: Terminal): Promise<ConfigWritten | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "farhand-"));
  const file = join(folder, "worker.yaml");
  await writeFile(file, before, { mode: 0o600 });
  try {
    await runEditor(file, terminal.env);
    const text = await readFile(file, "utf8");
    const written = text.trim() === before.trim() ? undefined : await place.put(await parseDocument(text, file));
    await rm(folder, { recursive: true, force: true });
    return written;
  } catch (error) {
    terminal.say(`your text is in ${file}`);
    throw error;
  }
}

/** Where the configuration of this machine's worker is edited. @throws what the worker or its file says. */
export async function openPlace(options: WorkerEditOptions, env: Terminal["env"]): Promise<EditedPlace> {
  try {
    const got = (await askWorker(options, env, "config.get")) as ConfigGot;
    const put = async (document: JsonObject) => {
      const { comment } = options;
      const edit = { document, ifMatch: got.version, ...(comment !== undefined && { comment }) };
      return (await askWorker(options, env, "config.put", edit)) as ConfigWritten;
    };
    const notes = fixedNotes((await effectiveOf(options, env)) as Shape[]);
    return { got, notes, put, afterwards: "the worker has it", close: () => Promise.resolve() };
  } catch (error) {
    const isSilent = error instanceof CliError && error.code === "WORKER_SILENT" && options.socket === undefined;
    if (!isSilent) throw error;
    return await openFile(options, env, error);
  }
}

/** An older worker, or one that may not be asked, tells nothing of it: then nothing is noted. */
async function effectiveOf(options: WorkerEditOptions, env: Terminal["env"]): Promise<readonly object[]> {
  try {
    return ((await askWorker(options, env, "config.effective")) as ConfigEffective).values;
  } catch {
    return [];
  }
}

async function openFile(options: WorkerEditOptions, env: Terminal["env"], silent: CliError): Promise<EditedPlace> {
  const setup = await openOwnSetup(workerMode(options, env), env, silent);
  const { configuration } = setup;
  const got = configuration.get();
  const editor = { name: "local user", connection: "file", isRemote: false };
  return {
    got,
    notes: fixedNotes(configuration.effective().values as readonly object[] as Shape[]),
    put: (document) => configuration.put({ document, ifMatch: got.version, comment: options.comment }, editor),
    afterwards: "`farhand worker start` starts the worker with it",
    close: () => setup.close(),
  };
}
