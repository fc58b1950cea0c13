import type { Clock } from "#core";
import { FarhandError } from "#core";
import type { Caller } from "../auth/callers.ts";
import { ServerError } from "../errors.ts";

/** A trace goes off by itself after so long, milliseconds (CAT-119); what it has seen stays as long again. */
export const traceMs = 10 * 60_000;
const keptMs = 2 * traceMs;
const mostSessions = 100;
/** Of one session; the oldest go first. */
const mostSteps = 1_000;

/** What is looked at on the way of a request to a worker, and in which of the six steps of the specification (CAT §5). */
export const tracePoints = {
  "worker's secret": 1,
  session: 2,
  connection: 3,
  request: 4,
  level: 5,
  entitlement: 5,
  "step-up": 5,
  forward: 5,
  worker: 6,
} as const;

/** One of {@link tracePoints}. */
export type TracePoint = keyof typeof tracePoints;

/** One look at one request. No secret: codes, and names that the one who is traced has given. */
export interface TraceLine {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly step: (typeof tracePoints)[TracePoint];
  readonly point: TracePoint;
  readonly verdict: "passed" | "refused";
  /** Of the refusal. */
  readonly code?: string;
  /** Route or method. */
  readonly about?: string;
}

interface Trace {
  readonly until: number;
  readonly lines: TraceLine[];
}

/** What admins have switched on to find out why something is refused: step by step, for one session (CAT-119). */
export class Traces {
  readonly #clock: Pick<Clock, "now">;
  readonly #traces = new Map<string, Trace>();

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** Begin anew. @returns until when. @throws {ServerError} TRACES_FULL. */
  on(session: string): number {
    this.#forget();
    if (!this.#traces.has(session) && this.#traces.size >= mostSessions)
      throw new ServerError("TRACES_FULL", `${mostSessions} sessions are traced already: switch one off`);
    const until = this.#clock.now() + traceMs;
    this.#traces.set(session, { until, lines: [] });
    return until;
  }

  off(session: string): void {
    this.#traces.delete(session);
  }

  /** What was seen, the oldest first, and until when it goes on; undefined: it was never on, or long ago. */
  of(session: string): { readonly until: number; readonly lines: readonly TraceLine[] } | undefined {
    this.#forget();
    return this.#traces.get(session);
  }

  /** @param error why it was refused; absent: it passed. @param about route or method. */
  note(caller: Caller, point: TracePoint, error?: unknown, about?: string): void {
    if (this.#traces.size === 0 || caller.kind !== "session") return;
    const trace = this.#traces.get(caller.session.id);
    const at = this.#clock.now();
    if (!trace || at >= trace.until) return;
    const verdict = error === undefined ? ("passed" as const) : ("refused" as const);
    const code = error === undefined ? {} : { code: codeOf(error) };
    trace.lines.push({ at, step: tracePoints[point], point, verdict, ...code, ...(about !== undefined && { about }) });
    if (trace.lines.length > mostSteps) trace.lines.shift();
  }

  /** Look at one point, and note how that went. @throws what `look` throws. */
  look<T>(caller: Caller, point: TracePoint, look: () => T): T {
    try {
      const found = look();
      this.note(caller, point);
      return found;
    } catch (error) {
      this.note(caller, point, error);
      throw error;
    }
  }

  #forget(): void {
    const now = this.#clock.now();
    for (const [session, { until }] of this.#traces) if (now >= until + keptMs) this.#traces.delete(session);
  }
}

function codeOf(error: unknown): string {
  return error instanceof FarhandError ? error.code : "INTERNAL";
}
