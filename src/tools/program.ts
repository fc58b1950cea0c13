import { setMaxListeners } from "node:events";
import { errorText } from "#core";
import { findTool } from "./all-tools.ts";
import { checkRun, type CheckedRun } from "./check-run.ts";
import { startChild } from "./child.ts";
import { ToolError } from "./errors.ts";
import { findProgram } from "./find-program.ts";
import { ToolLog, ToolOutput } from "./output.ts";
import { ownTrafficFilter } from "./own-traffic.ts";
import { type Lookup, lookupName, resolveTarget } from "./resolve-target.ts";
import { TargetList } from "./target-list.ts";
import type { ResolvedTarget, ToolContext } from "./tool.ts";
import type { ToolOrder } from "./tool-command.ts";

/** What the program has of its process. */
export interface ToolStage {
  readonly stdout: number;
  readonly stderr: number;
  /** Aborts when the unit is to end. */
  readonly stopped: AbortSignal;
  readonly lookup?: Lookup;
}

/** Exit code for what nobody foresaw. */
const unexpected = 1;

/**
 * Run one tool as an order says.
 *
 * Nothing of what the order's params ask for is believed because the daemon has looked at it before: they are held against the
 * policy here, where they are used.
 *
 * @returns the exit code of the unit. What went wrong stands in the log.
 */
export async function runTool(orderText: string, stage: ToolStage): Promise<number> {
  const log = new ToolLog(stage.stderr);
  try {
    const order = JSON.parse(orderText) as ToolOrder;
    const tool = findTool(order.tool);
    if (!tool) throw new ToolError("TOOL_FAILED", `there is no tool ${order.tool}`);
    return await perform(order, checkRun(tool, order.params, order.policy), stage, log);
  } catch (error) {
    log.note(error instanceof ToolError ? `${error.code}: ${error.message}` : errorText(error));
    return error instanceof ToolError ? error.exit : unexpected;
  }
}

async function perform(order: ToolOrder, run: CheckedRun, stage: ToolStage, log: ToolLog): Promise<number> {
  const { seconds } = run.budget;
  const time = new AbortController();
  const timer = setTimeout(() => time.abort(new ToolError("TIME_OVER", `${seconds} s are over`)), seconds * 1_000);
  const signal = AbortSignal.any([stage.stopped, time.signal]);
  // Every probe of a run may listen to it.
  setMaxListeners(0, signal);
  try {
    return await run.run(await contextOf(order, run, stage, { log, signal }));
  } finally {
    clearTimeout(timer);
  }
}

interface Sides {
  readonly log: ToolLog;
  readonly signal: AbortSignal;
}

async function contextOf(
  order: ToolOrder,
  { budget, filter, hosts, ...run }: CheckedRun,
  { stdout, lookup: look = lookupName }: ToolStage,
  { log, signal }: Sides,
): Promise<ToolContext> {
  const list = new TargetList(order.policy.targets);
  // The system's resolver can take its time, and does not hear that there is none left.
  const lookup: Lookup = (name) => Promise.race([look(name), aborted(signal)]);
  const resolve = (host: string): Promise<ResolvedTarget> => resolveTarget(host, list, budget.targets, lookup);
  const output = new ToolOutput(stdout, budget.bytes);
  const setpriv = findProgram("setpriv") ?? "setpriv";
  return {
    ...{ signal, budget, filter, interface: run.interface, resolve },
    // How many there are was counted before there was a name server in it.
    targets: await Promise.all(hosts.map(resolve)),
    ownTraffic: () => ownTrafficFilter(order.own, lookup),
    line: (value) => output.line(value),
    bytes: (value) => output.bytes(value),
    note: (text) => log.note(text),
    progress: (text) => log.progress(text),
    find: (program) => findProgram(program),
    start: (path, argv, options) => startChild(path, argv, setpriv, options),
  };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
}
