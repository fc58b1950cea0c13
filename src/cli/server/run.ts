import { FarhandError, systemClock } from "#core";
import { isToolName } from "#tools/wire";
import type { RunOptions } from "../commands/run.ts";
import { CliError } from "../errors.ts";
import { reportFailure } from "../failure.ts";
import { openPayload, workParams } from "../payload.ts";
import { oneLine } from "../quantities.ts";
import type { Terminal } from "../terminal.ts";
import type { ApiClient } from "./api-client.ts";
import { apiPath } from "./api-path.ts";
import { followRun } from "./follow-run.ts";
import { submission } from "./multipart.ts";
import { newUnitId } from "./new-unit-id.ts";
import { hearPresses, type Presses } from "./presses.ts";
import { environmentOf, runPayload, scriptIn, scriptOf } from "./script-payload.ts";
import { withServer } from "./server-options.ts";

/** The work type that runs its payload with `sh -s`, and hands it the words of `params`. */
const scriptType = "run";

/** What is asked of the worker. */
interface Work {
  readonly workType: string;
  readonly params: Readonly<Record<string, string>>;
  readonly payload: AsyncIterable<Uint8Array>;
}

/** Run something on a worker: hand it in, print its output, end as it ends. `presses` is for tests. */
export async function run(
  worker: string,
  words: readonly string[],
  options: RunOptions,
  terminal: Terminal,
  presses: Presses = hearPresses(),
): Promise<number> {
  try {
    const work = await workOf(words, options, terminal);
    return await withServer(options, terminal, async (api) => {
      const { json } = options;
      const tell = (text: string): void => {
        if (!json) terminal.say(text);
      };
      const { unit, isTaken } = await handIn(api, worker, work, { presses, tell });
      const endsUnread = isToolName(work.workType);
      if (options.detach) {
        if (!isTaken) throw unsure(worker, unit);
        terminal.print(json ? JSON.stringify({ worker, unit }) : unit);
        tell(`started on ${oneLine(worker)}; see it with \`farhand units output ${worker} ${unit}\``);
        return 0;
      }
      if (isTaken) tell(`unit ${unit} started on ${oneLine(worker)}`);
      return await followRun({ api, worker, unit, from: 0, json, clock: systemClock, presses, endsUnread }, terminal);
    });
  } catch (error) {
    const exit = options.type !== undefined && isToolName(options.type) ? await exitOfTool(error) : undefined;
    if (exit === undefined) throw error;
    reportFailure(error, terminal, { json: options.json === true, stdoutTaken: true });
    return exit;
  } finally {
    presses.close();
  }
}

/** Loaded where it is needed: it knows all tools. */
async function exitOfTool(error: unknown): Promise<number | undefined> {
  const { exitOfRefusal } = await import("./tool-refusal.ts");
  return exitOfRefusal(error);
}

async function workOf(words: readonly string[], options: RunOptions, terminal: Terminal): Promise<Work> {
  const { type = scriptType, param = [], env = [] } = options;
  if (type === scriptType) return await scriptWork(words, options);
  if (env.length > 0) {
    throw new CliError("USAGE", `--env is for scripts, and ${type} is another work type`, { remedy: "leave it out" });
  }
  const payload = await openPayload(options, terminal);
  return { workType: type, params: await workParams(param, words), payload };
}

async function scriptWork(words: readonly string[], { payload, param = [], env = [] }: RunOptions): Promise<Work> {
  if (payload === false || (payload === undefined && words.length === 0)) {
    throw new CliError("USAGE", "nothing says what shall run", {
      remedy: "farhand run WORKER -- ./script.sh, or -- and a command of the worker's machine",
    });
  }
  const file = payload === undefined ? undefined : await scriptIn(payload);
  const { script, args } = file ? { script: file, args: [...words] } : await scriptOf(words);
  const params = await workParams(param, args.length === 1 ? [oneWord(args[0] ?? "")] : args);
  return { workType: scriptType, params, payload: once(runPayload(script, environmentOf(env))) };
}

/** One word alone would be split at its blanks: that is for people who write `params` themselves. */
function oneWord(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

/**
 * Hand it in under an id of our own: so a connection that breaks before the answer leaves no doubt which unit was made.
 *
 * @returns the unit's id. When the answer got lost behind a whole payload, it is not known whether it was taken: following
 *   the unit shows it.
 */
async function handIn(api: ApiClient, worker: string, work: Work, { presses, tell }: HandingIn): Promise<HandedIn> {
  const { workType, params, payload } = work;
  const unit = newUnitId();
  const controller = new AbortController();
  let isSent = false;
  presses.hear((reason) => controller.abort(interruption(reason, isSent, `${worker} ${unit}`)));
  const watched = async function* (): AsyncGenerator<Uint8Array> {
    yield* payload;
    isSent = true;
  };
  const upload = submission({ workType, params, unit }, watched());
  try {
    await api.upload("POST", apiPath`/workers/${worker}/units`, upload, { signal: controller.signal });
  } catch (error) {
    const isLost = error instanceof FarhandError && ["SERVER_UNREACHABLE", "WORKER_UNREACHABLE"].includes(error.code);
    if (!isSent || !isLost || controller.signal.aborted) throw error;
    tell(`${error.message}; looking for unit ${unit}`);
    return { unit, isTaken: false };
  }
  return { unit, isTaken: true };
}

interface HandedIn {
  readonly unit: string;
  readonly isTaken: boolean;
}

const unsure = (worker: string, unit: string): CliError =>
  new CliError("FOLLOW_BROKEN", `the connection broke, and nobody knows whether unit ${unit} was started`, {
    remedy: `\`farhand units show ${worker} ${unit}\``,
  });

interface HandingIn {
  readonly presses: Presses;
  readonly tell: (text: string) => void;
}

/** Nothing starts before the payload is whole. */
function interruption({ code, message }: CliError, isSent: boolean, unit: string): CliError {
  if (!isSent) return new CliError(code, `${message}: nothing was started`);
  return new CliError(code, `${message}: a unit may have been started`, { remedy: `\`farhand units show ${unit}\`` });
}
