import { chmodSync, statSync } from "node:fs";
import { errorText, makeFolders } from "#core";
import { CliError } from "./errors.ts";
import type { Places } from "./places.ts";

const hello = `for i in 1 2 3 4 5; do echo "hello $i of 5"; sleep 1; done`;
const uppercase = `while IFS= read -r line || [ -n "$line" ]; do printf "%s\\n" "\${line^^}"; done`;

/**
 * The settings of a worker that was given none, as words of Receptor's command line.
 *
 * Its work types do nothing but print: who wants more says so in a configuration.
 */
export function embeddedArgs({ units, socket }: Places, hostname: string): string[] {
  return [
    ...["--node", `id=${nodeIdFor(hostname)}`, `datadir=${units}`],
    ...["--log-level", "level=info"],
    ...["--work-command", "worktype=hello", "command=bash", `params=${bashParams(hello)}`, "workdir=/"],
    ...["--work-command", "worktype=uppercase", "command=bash", `params=${bashParams(uppercase)}`, "workdir=/"],
    ...["--control-service", "service=control", `filename=${socket}`],
  ];
}

/** The host's name where it can be a node id, otherwise `worker`. */
export function nodeIdFor(hostname: string): string {
  const isUsable = /^[A-Za-z0-9._-]{1,200}$/.test(hostname) && !/^localhost(\.|$)/i.test(hostname);
  return isUsable ? hostname : "worker";
}

/** Work parameters are split like words of a shell; single quotes keep the script one word (spec §2.4). */
function bashParams(script: string): string {
  return `-c '${script}'`;
}

/** Make the state folder, for nobody but its owner. @throws {CliError} `STATE_UNUSABLE` */
export function makeStateFolder(state: string): void {
  try {
    makeFolders(state, 0o700);
    const { mode, uid } = statSync(state);
    if (uid !== process.getuid?.()) throw new Error("it belongs to another user");
    if ((mode & 0o077) !== 0) chmodSync(state, 0o700);
  } catch (error) {
    throw new CliError("STATE_UNUSABLE", `the state folder ${state} cannot be used: ${errorText(error)}`, {
      cause: error,
      remedy: "XDG_STATE_HOME=FOLDER names another place; -c FILE says it all",
    });
  }
}
