import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { errorText } from "#core";
import type { ConfigFault } from "#fleet";
import type { Directive } from "../settings/mod.ts";
import { goingRound, templateFault } from "../watchers/mod.ts";
import type { WorkerConfiguration } from "./effective.ts";

type Watcher = WorkerConfiguration["watchers"][number];

const { R_OK, W_OK, X_OK } = constants;

/** What is wrong with watchers beside the work types that there are (CAT-76, second depth). */
export function watcherFaults({ watchers }: WorkerConfiguration, directives: readonly Directive[]): ConfigFault[] {
  return watchers.flatMap((watcher, n) => {
    const at = (key: string, reason: string): ConfigFault => ({ path: `/watchers/${n}/${key}`, reason });
    const inParams = watcher.params === undefined ? undefined : templateFault(watcher.params);
    const faults = inParams === undefined ? [] : [at("params", inParams)];
    const type = directives.find(({ values }) => "worktype" in values && values.worktype === watcher.workType);
    if (!type) return [...faults, at("workType", `there is no work type ${watcher.workType}`)];
    if (takesParams(type) || !givesParams(watcher)) return faults;
    const key = watcher.params === undefined ? "give" : "params";
    const reason = `the work type ${watcher.workType} takes no params: set its allowruntimeparams, or give the payload alone`;
    return [...faults, at(key, reason)];
  });
}

function takesParams({ values }: Directive): boolean {
  return !("allowruntimeparams" in values) || values.allowruntimeparams;
}

function givesParams({ give = "path", params }: Watcher): boolean {
  return params === undefined ? give === "path" : params.trim() !== "";
}

/** What this machine says against watched folders and those that files are moved to (third depth). */
export async function watcherWarnings({ watchers }: WorkerConfiguration): Promise<ConfigFault[]> {
  const round = await goingRound(watchers);
  const found = await Promise.all(
    watchers.map(async ({ folder, onSuccess = "leave", onFailure = "leave" }, n) => {
      const isTakenOut = onSuccess !== "leave" || onFailure !== "leave";
      const own = await folderFault(folder, R_OK | X_OK | (isTakenOut ? W_OK : 0));
      const targets = await Promise.all(
        Object.entries({ onSuccess, onFailure }).map(async ([key, afterwards]) => {
          if (typeof afterwards === "string") return undefined;
          const reason =
            (await folderFault(afterwards.moveTo, W_OK | X_OK)) ?? (await apart(folder, afterwards.moveTo));
          return reason === undefined ? undefined : { path: `/watchers/${n}/${key}/moveTo`, reason };
        }),
      );
      const circle = round.get(watchers[n]?.name ?? "");
      const going = circle === undefined ? undefined : { path: `/watchers/${n}`, reason: circle };
      return [going, own === undefined ? undefined : { path: `/watchers/${n}/folder`, reason: own }, ...targets];
    }),
  );
  return found.flat().filter((fault) => fault !== undefined);
}

async function folderFault(folder: string, mode: number): Promise<string | undefined> {
  try {
    if (!(await stat(folder)).isDirectory()) return `${folder} is no folder`;
    await access(folder, mode);
    return undefined;
  } catch (error) {
    return `${folder} may not be used: ${errorText(error)}`;
  }
}

/** A file can be moved within a file system only, and to another folder. */
async function apart(from: string, to: string): Promise<string | undefined> {
  const [one, other] = await Promise.all([stat(from), stat(to)]).catch(() => []);
  if (!one || !other) return undefined;
  // Its path says nothing of links and mounts that lead back.
  if (one.dev === other.dev && one.ino === other.ino) return `${to} is the folder that files are taken from`;
  if (one.dev === other.dev) return undefined;
  return `${to} is on another file system than ${from}: files cannot be moved there`;
}
