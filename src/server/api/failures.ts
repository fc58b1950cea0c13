import { errorText, type Log } from "#core";
import { ServerError } from "../errors.ts";
import type { Reply, Request } from "./fastify.ts";
import type { LiveSocket } from "./live-socket.ts";
import type { Meter } from "./metrics.ts";
import { FieldsError, isUnforeseen, problemHeaders, problemOf } from "./problem.ts";
import type { RequestFacts } from "./request-facts.ts";

/** Tells clients what went wrong, and the log what nobody foresaw. */
export class Failures {
  readonly #facts: RequestFacts;
  readonly #log: Pick<Log, "error">;
  readonly #meter: Pick<Meter, "problem">;

  constructor(facts: RequestFacts, log: Pick<Log, "error">, meter: Pick<Meter, "problem">) {
    this.#facts = facts;
    this.#log = log;
    this.#meter = meter;
  }

  /** Answer with a problem, whatever was thrown and wherever. */
  answer(error: unknown, request: Request, reply: Reply): void {
    const signal = this.#facts.of(request)?.scope.signal;
    // What a cut call throws is of no interest: why it was cut is.
    const told = signal?.aborted && signal.reason instanceof ServerError ? signal.reason : validated(error);
    const problem = problemOf(told);
    this.#note(told, problem.code, request);
    if (reply.raw.headersSent || reply.sent) return void reply.raw.destroy();
    void reply.code(problem.status).headers(problemHeaders(told)).send(JSON.stringify(problem));
  }

  /** Say it in a WebSocket, and close that. */
  async tell(error: unknown, request: Request, socket: LiveSocket): Promise<void> {
    const problem = problemOf(error);
    this.#note(error, problem.code, request);
    await socket.send(JSON.stringify({ problem })).catch(() => {});
    closeSocket(socket, error);
  }

  #note(error: unknown, code: string, request: Request): void {
    this.#meter.problem(code);
    if (!isUnforeseen(error)) return;
    const stack = error instanceof Error ? error.stack : undefined;
    const about = { method: request.method, route: request.routeOptions.url, stack };
    this.#log.error(`a request failed: ${errorText(error)}`, about);
  }
}

/** WebSockets have close codes of their own from 4000 on: the status, and the error's code as the reason. */
export function closeSocket(socket: LiveSocket, error: unknown): void {
  const { status, code } = problemOf(error);
  socket.close(4000 + status, code);
}

/** What does not fit a schema, with its field named. */
function validated(error: unknown): unknown {
  if (!(error instanceof Error) || !("validation" in error) || !Array.isArray(error.validation)) return error;
  const context = "validationContext" in error ? String(error.validationContext) : "request";
  const faults = error.validation as readonly { readonly instancePath: string; readonly message: string }[];
  const where = (path: string): string => [context, ...path.split("/").filter(Boolean)].join(".");
  return new FieldsError(faults.map(({ instancePath, message }) => ({ path: where(instancePath), message })));
}
