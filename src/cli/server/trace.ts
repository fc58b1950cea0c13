import type { TraceOptions } from "../commands/trace.ts";
import { CliError } from "../errors.ts";
import type { Terminal } from "../terminal.ts";
import { positiveNumber } from "./positive-number.ts";
import { exitOfAll } from "./tool-run.ts";
import { showTool } from "./tool-show.ts";
import { TraceText } from "./trace-text.ts";

/** `farhand trace`: the last word is the target, those before it are workers. */
export async function traceFrom(words: readonly string[], options: TraceOptions, terminal: Terminal): Promise<number> {
  const target = words.at(-1);
  if (target === undefined)
    throw new CliError("USAGE", "no target is named", { remedy: "farhand trace WORKER TARGET" });
  const params = {
    target,
    maxHops: positiveNumber("--max-hops", options.maxHops, 30),
    probes: positiveNumber("--probes", options.probes, 3),
    ...(options.method !== undefined && { method: options.method }),
    ...(options.port !== undefined && { port: positiveNumber("--port", options.port, 80) }),
  };
  const show = { tool: "traceroute", params, names: words.slice(0, -1), options } as const;
  return exitOfAll(await showTool(show, (workers) => new TraceText(workers, terminal), terminal));
}
