import type { ScanOptions } from "../commands/scan.ts";
import { CliError } from "../errors.ts";
import type { Terminal } from "../terminal.ts";
import { positiveNumber } from "./positive-number.ts";
import { ScanText } from "./scan-text.ts";
import { exitOfAll } from "./tool-run.ts";
import { showTool } from "./tool-show.ts";

/** `farhand scan`: the last word names the targets, those before it are workers. */
export async function scanFrom(words: readonly string[], options: ScanOptions, terminal: Terminal): Promise<number> {
  const targets =
    words
      .at(-1)
      ?.split(",")
      .filter((target) => target !== "") ?? [];
  if (targets.length === 0) {
    throw new CliError("USAGE", "no target is named", { remedy: "farhand scan WORKER 10.0.0.0/28" });
  }
  const { ports, services, os, assumeUp, timeout, program } = options;
  const params = {
    targets,
    ...(ports !== undefined && { ports }),
    ...(services && { services }),
    ...(os && { os }),
    ...(assumeUp && { assumeUp }),
    ...(timeout !== undefined && { timeoutMs: Math.round(positiveNumber("--timeout", timeout, 1) * 1_000) }),
    ...(program !== undefined && { program }),
  };
  const show = { tool: "portscan", params, names: words.slice(0, -1), options } as const;
  return exitOfAll(await showTool(show, (workers) => new ScanText(workers, terminal), terminal));
}
