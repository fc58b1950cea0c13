import { errorText, type JsonObject, systemClock, timeLimit } from "#core";
import { ToolError } from "../errors.ts";
import type { ToolContext } from "../tool.ts";
import { toolExits } from "../wire.ts";

/** What one attempt found: how it went, and fields of its kind. */
export interface Attempted {
  readonly ok: boolean;
  /** Why it is not, for people. */
  readonly error?: string;
  readonly fields: JsonObject;
}

/** A probe of some kind at some target. */
export interface Probing {
  readonly probe: string;
  /** As it was asked for. */
  readonly target: string;
  readonly attempts: number;
  /** From one attempt to the next. */
  readonly everyMs: number;
  /** One attempt. What it throws is why it failed; a ToolError ends the probe. */
  readonly attempt: (signal: AbortSignal) => Promise<Attempted>;
  /** A limit for each attempt. */
  readonly timeoutMs: number;
}

/** Try so often as is asked, tell each, and say whether it is up: when one attempt was right, that is. @returns the exit code. */
export async function probe(probing: Probing, context: ToolContext): Promise<number> {
  const { attempts, everyMs, target } = probing;
  let [good, tried, reason] = [0, 0, ""];
  for (let attempt = 1; attempt <= attempts && !context.signal.aborted; attempt++) {
    if (attempt > 1 && !(await rested(everyMs, context.signal))) break;
    const { ok, error, fields } = await once(probing, context.signal);
    // An attempt that was broken off says nothing about the target.
    if (context.signal.aborted && !ok) break;
    tried++;
    if (ok) good++;
    else reason = error ?? reason;
    context.line({ type: "probe", attempt, ok, ...fields, ...(error !== undefined && { error }) });
  }
  const verdict = good > 0 ? "up" : "down";
  const more = verdict === "down" && reason !== "" ? { reason } : {};
  if (tried > 0)
    context.line({ type: "summary", probe: probing.probe, target, verdict, attempts: tried, good, ...more });
  context.note(`${target} is ${tried === 0 ? "not known" : verdict}${reason === "" ? "" : `: ${reason}`}`);
  if (tried === 0) throw context.signal.reason;
  return verdict === "up" ? toolExits.done : toolExits.negative;
}

async function once({ attempt, timeoutMs }: Probing, stopped: AbortSignal): Promise<Attempted> {
  const limit = timeLimit(timeoutMs);
  const signal = AbortSignal.any([stopped, limit]);
  try {
    return await attempt(signal);
  } catch (error) {
    if (error instanceof ToolError) throw error;
    return { ok: false, error: limit.aborted ? `no answer within ${timeoutMs} ms` : errorText(error), fields: {} };
  }
}

async function rested(everyMs: number, signal: AbortSignal): Promise<boolean> {
  try {
    await systemClock.sleep(everyMs, signal);
    return true;
  } catch {
    return false;
  }
}

/** Milliseconds since then, to the microsecond. */
export function msSince(start: number): number {
  return Math.round((performance.now() - start) * 1_000) / 1_000;
}
