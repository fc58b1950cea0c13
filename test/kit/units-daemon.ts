import { join } from "node:path";
import { type StartedProcess, startProcess } from "./processes.ts";
import { patience, quoted, shell } from "./units.ts";

/** A daemon process of nothing but units, to be killed; see units-daemon.mjs. */
export interface UnitsDaemon extends StartedProcess {
  /** Submit a script and give the unit's id. With `hold` it has its payload and is never started. */
  submit(script: string, options?: { readonly input?: string; readonly hold?: boolean }): Promise<string>;
}

/** Start one over a data folder, as node `alpha`, with the work types given (a shell when none are). */
export async function startUnitsDaemon(dataDir: string, workTypes: readonly object[] = [shell]): Promise<UnitsDaemon> {
  const options = { dataDir, nodeId: "alpha", version: "1", workTypes };
  const program = join(import.meta.dirname, "units-daemon.mjs");
  const daemon = await startProcess(process.execPath, [program, JSON.stringify(options)], { stdin: "open" });
  await daemon.line(/^ready$/, patience());
  let submitted = 0;
  const submit: UnitsDaemon["submit"] = async (script, about = {}) => {
    daemon.child.stdin?.write(`${JSON.stringify({ ...about, params: quoted(script) })}\n`);
    const at = submitted++;
    // One after another, so the n-th answer is this one's.
    for (;;) {
      const ids = [...daemon.stdout().matchAll(/^unit (\w+)\n/gm)].map(([, id = ""]) => id);
      const id = ids[at];
      if (id !== undefined) return id;
      await Promise.race([daemon.ended.then(fail), new Promise((resolve) => setTimeout(resolve, 5))]);
    }
  };
  const fail = () => {
    throw new Error(`the daemon ended: ${daemon.stderr()}`);
  };
  return { ...daemon, submit };
}
