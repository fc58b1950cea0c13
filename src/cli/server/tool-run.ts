import { type Clock, errorText, FarhandError, type JsonObject, systemClock } from "#core";
import type { ToolName } from "#tools/wire";
import type { UnitReport } from "#work/wire";
import { endingOf } from "../ending.ts";
import type { Terminal } from "../terminal.ts";
import { followUnit, outputFault } from "../follow.ts";
import type { ApiClient } from "./api-client.ts";
import { apiPath } from "./api-path.ts";
import { submission } from "./multipart.ts";
import { newUnitId } from "./new-unit-id.ts";
import type { Presses } from "./presses.ts";
import { exitOfRefusal } from "./tool-refusal.ts";
import { unitLink } from "./unit-link.ts";

/** A tool to be run on some workers at once. */
export interface ToolRun {
  readonly api: ApiClient;
  readonly workers: readonly string[];
  readonly tool: ToolName;
  readonly params: JsonObject;
  /** The first one cancels all units and waits for their end, the second one leaves. */
  readonly presses: Presses;
  /** Takes what is to be done when nobody reads the output any more: all units are cancelled then. */
  readonly whenUnread?: Terminal["whenUnread"] | undefined;
  readonly clock?: Clock;
}

/** What is heard while it runs. */
export interface ToolEvents {
  /** The unit of a worker was taken. */
  started?(worker: string, unit: string): void;
  /** The next bytes of a worker's stdout; the promise sets the pace. */
  output(worker: string, chunk: Uint8Array): Promise<void> | void;
  /** Something for people, of one worker or (undefined) of all: a cut, a cancel. */
  told(text: string, worker?: string): void;
}

/** What became of it on one worker. */
export interface ToolEnding {
  readonly worker: string;
  /** Absent when the worker, or the server, refused it. */
  readonly unit?: string;
  readonly report?: UnitReport;
  /** As the exit code of the command line would be, had it run there alone. */
  readonly exit: number;
  /** Why it did not end well, in words. */
  readonly fault?: string;
  readonly code?: string;
}

/**
 * Run a tool on several workers at once, each for itself: one that fails keeps no other from it.
 *
 * Connections that break are made again, and output goes on at the byte reached.
 *
 * @returns one ending for each worker, in their order. @throws {CliError} `INTERRUPTED`, `TERMINATED` when left at the second press.
 */
export async function runTool(run: ToolRun, events: ToolEvents): Promise<ToolEnding[]> {
  const leave = new AbortController();
  const units = new Map<string, string>();
  const cancelling = new AbortController();
  run.presses.hear((reason) => {
    if (cancelling.signal.aborted) return leave.abort(reason);
    cancelling.abort(reason);
    events.told("ending it; Ctrl-C again leaves it running");
    for (const [worker, unit] of units) void cancel(run, worker, unit, events);
  });
  run.whenUnread?.(async () => {
    cancelling.abort();
    await Promise.all([...units].map(([worker, unit]) => cancel(run, worker, unit, events)));
  });
  return await Promise.all(
    run.workers.map(async (worker): Promise<ToolEnding> => {
      try {
        const unit = await start(run, worker, cancelling.signal);
        units.set(worker, unit);
        events.started?.(worker, unit);
        // It may have been asked to end between the two.
        if (cancelling.signal.aborted) void cancel(run, worker, unit, events);
        return await follow(run, worker, unit, { leave: leave.signal, events });
      } catch (error) {
        leave.signal.throwIfAborted();
        return refused(worker, error);
      }
    }),
  );
}

/** Exit code of all together: 0 when all did it, else that of the last one that did not. */
export function exitOfAll(endings: readonly ToolEnding[]): number {
  return endings.findLast(({ exit }) => exit !== 0)?.exit ?? 0;
}

async function start({ api, tool, params }: ToolRun, worker: string, signal: AbortSignal): Promise<string> {
  const unit = newUnitId();
  const wanted = { workType: tool, params: { params: JSON.stringify(params) }, unit };
  let isSent = false;
  const nothing = async function* (): AsyncGenerator<Uint8Array> {
    isSent = true;
    yield Buffer.alloc(0);
  };
  try {
    await api.upload("POST", apiPath`/workers/${worker}/units`, submission(wanted, nothing()), { signal });
  } catch (error) {
    // The answer may have got lost behind a whole request: following the unit shows whether there is one.
    const isLost = error instanceof FarhandError && ["SERVER_UNREACHABLE", "WORKER_UNREACHABLE"].includes(error.code);
    if (!isSent || !isLost || signal.aborted) throw error;
  }
  return unit;
}

interface Following {
  readonly leave: AbortSignal;
  readonly events: ToolEvents;
}

async function follow(run: ToolRun, worker: string, unit: string, { leave, events }: Following): Promise<ToolEnding> {
  const { api, clock = systemClock } = run;
  const followed = await followUnit(unitLink(api, worker, unit), {
    from: 0,
    wasReached: true,
    clock,
    signal: leave,
    write: async (chunk) => await events.output(worker, chunk),
    retrying: (why, attempt) => {
      if (attempt === 1) events.told(`${why}; trying again`, worker);
    },
    returned: () => events.told("connected again", worker),
  });
  const { report } = followed;
  const mismatch = outputFault(followed, 0);
  const { exit, code } = endingOf(report);
  if (mismatch !== undefined) return { worker, unit, report, exit: 8, fault: mismatch, code: "OUTPUT_MISMATCH" };
  if (exit === 0) return { worker, unit, report, exit };
  const { text: fault, code: told = code } = faultIn(report.Detail);
  return { worker, unit, report, exit, fault, ...(told !== undefined && { code: told }) };
}

/** A tool's detail: `exit status 12: FILTER_REFUSED: …`. What people need is behind the codes. */
function faultIn(detail: string): { readonly text: string; readonly code?: string } {
  const [, code, text] = /^exit status \d+: ([A-Z][A-Z_]+): (.+)$/s.exec(detail) ?? [];
  if (code !== undefined && text !== undefined) return { text, code };
  return { text: detail.replace(/^exit status \d+: /, "") };
}

function refused(worker: string, error: unknown): ToolEnding {
  const fault = errorText(error);
  if (!(error instanceof FarhandError)) return { worker, exit: 1, fault };
  return { worker, exit: exitOfRefusal(error) ?? error.exit, fault, code: error.code };
}

async function cancel({ api }: ToolRun, worker: string, unit: string, events: ToolEvents): Promise<void> {
  try {
    await api.ask("POST", apiPath`/workers/${worker}/units/${unit}/cancel`);
  } catch (error) {
    events.told(`could not be ended: ${errorText(error)}`, worker);
  }
}
