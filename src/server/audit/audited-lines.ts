import type { Duplex } from "node:stream";
import { type Clock, errorText, FarhandError, type JsonObject, type Log } from "#core";
import { newRequestId } from "#fleet";
import type { Asker, WorkerLines, WorkerRequest, WorkerStream } from "../line/worker-lines.ts";
import type { LaterAudit } from "./audit.ts";
import { meterStream } from "./metered-stream.ts";

export interface AuditedLinesOptions {
  readonly lines: WorkerLines;
  readonly audit: LaterAudit;
  readonly clock: Pick<Clock, "elapsed">;
  readonly log: Pick<Log, "warn">;
}

/** Bytes towards the worker and back. */
interface Moved {
  readonly up: number;
  readonly down: number;
}

/**
 * Lines to workers on which each request leaves a row in the audit once it is over (CAT-121): who, on which worker, which
 * method, its `jti`, how it ended, bytes both ways, milliseconds. The worker's log has the same `jti` (CAT-63).
 *
 * What changes something is audited before it is asked as well, by the routes; these rows hold nobody up.
 */
export class AuditedLines implements WorkerLines {
  readonly #options: AuditedLinesOptions;

  constructor(options: AuditedLinesOptions) {
    this.#options = options;
  }

  async call(workerId: string, request: WorkerRequest, asker: Asker, signal: AbortSignal): Promise<unknown> {
    const forward = this.#begin(workerId, request.method, asker);
    const up = jsonBytes(request);
    try {
      const result = await this.#options.lines.call(workerId, request, forward.asker, signal);
      forward.end("done", { up, down: jsonBytes(result) });
      return result;
    } catch (error) {
      forward.end(codeOf(error), { up, down: 0 });
      throw error;
    }
  }

  async open(workerId: string, request: WorkerRequest, asker: Asker, signal: AbortSignal): Promise<WorkerStream> {
    const forward = this.#begin(workerId, request.method, asker);
    try {
      const opened = await this.#options.lines.open(workerId, request, forward.asker, signal);
      whenOver(opened.stream, (verdict, moved) => forward.end(verdict, moved));
      return opened;
    } catch (error) {
      forward.end(codeOf(error), { up: 0, down: 0 });
      throw error;
    }
  }

  async submit(
    workerId: string,
    params: JsonObject,
    payload: AsyncIterable<Uint8Array>,
    asker: Asker,
    signal: AbortSignal,
  ): Promise<unknown> {
    const forward = this.#begin(workerId, "units.submit", asker);
    let up = 0;
    const metered = async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of payload) {
        up += chunk.length;
        yield chunk;
      }
    };
    try {
      const taken = await this.#options.lines.submit(workerId, params, metered(), forward.asker, signal);
      forward.end("done", { up, down: jsonBytes(taken) });
      return taken;
    } catch (error) {
      forward.end(codeOf(error), { up, down: 0 });
      throw error;
    }
  }

  cut(session: string, reason: string): void {
    this.#options.lines.cut(session, reason);
  }

  #begin(workerId: string, method: string, asker: Asker) {
    const { audit, clock, log } = this.#options;
    const jti = newRequestId();
    const begun = clock.elapsed();
    const { session, source } = asker;
    const end = (verdict: string, { up, down }: Moved): void => {
      const ms = Math.round(clock.elapsed() - begun);
      const detail = { method, jti, verdict, bytesUp: up, bytesDown: down, ms, session, ...(source && { source }) };
      audit
        .recordSoon(asker.userId, "forward", workerId, detail)
        .catch((error: unknown) => log.warn("a forward was not audited", { error: errorText(error), jti, method }));
    };
    return { asker: { ...asker, request: jti }, end };
  }
}

function whenOver(stream: Duplex, over: (verdict: string, moved: Moved) => void): void {
  const meter = meterStream(stream);
  stream.once("close", () => {
    // Whoever has read it all, to the worker's end, took it whole.
    const verdict = stream.errored && !stream.readableEnded ? codeOf(stream.errored) : "done";
    over(verdict, { up: meter.written(), down: meter.read() });
  });
}

/** How it ended, as a code; what has none broke. */
function codeOf(error: unknown): string {
  if (error instanceof FarhandError) return error.code;
  return error instanceof Error && error.name === "AbortError" ? "TAKEN_BACK" : "BROKEN";
}

const jsonBytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value) ?? "");
