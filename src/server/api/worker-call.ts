import { RemoteError } from "#fleet";
import type { Duplex } from "node:stream";
import { type JsonObject, timeLimit } from "#core";
import { ServerError } from "../errors.ts";
import { answerOn } from "../line/answer-on.ts";
import type { WorkerRequest, WorkerStream } from "../line/worker-lines.ts";
import type { Call } from "./call.ts";
import type { RouteServices } from "./services.ts";

/**
 * What a worker may answer with of its own. Another status would speak for the server: 401 makes clients forget their
 * session, 3xx is followed (CAT-60).
 */
const workerStatus = new Set([
  400, 403, 404, 408, 409, 410, 413, 422, 423, 428, 429, 499, 500, 501, 502, 503, 504, 507,
]);

/** Ask the call's worker. @throws what it answered, and {@link ServerError} when it does not. */
export async function askWorker(
  { lines, limits, traces }: RouteServices,
  call: Call,
  method: string,
  params: object,
): Promise<unknown> {
  const late = timeLimit(limits.callMs);
  const signal = AbortSignal.any([call.signal, late]);
  const request: WorkerRequest = { method, params: params as JsonObject };
  return await told({ call, traces, method }, late, () => lines.call(call.worker.id, request, call.asker(), signal));
}

/** Open a stream to the call's worker; it ends with the call. */
export async function openOnWorker(
  { lines, limits, traces }: RouteServices,
  call: Call,
  method: string,
  params: object,
): Promise<WorkerStream> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), limits.callMs);
  const request: WorkerRequest = { method, params: params as JsonObject };
  const signal = AbortSignal.any([call.signal, late.signal]);
  try {
    const open = () => lines.open(call.worker.id, request, call.asker(), signal);
    const opened = await told({ call, traces, method }, late.signal, open);
    call.signal.addEventListener("abort", () => opened.stream.destroy(), { once: true });
    // Whoever reads it hears of it; before that nobody does.
    opened.stream.on("error", () => {});
    return opened;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * What a worker says on an open stream behind its first answer.
 *
 * @param late fires when it takes too long.
 */
export async function secondAnswer(call: Call, stream: Duplex, late: AbortSignal): Promise<unknown> {
  try {
    return await answerOn(stream, AbortSignal.any([call.signal, late]));
  } catch (error) {
    call.signal.throwIfAborted();
    throw late.aborted ? tooLate() : passable(error);
  }
}

/** Send a payload with its unit; that takes as long as it takes. */
export async function submitToWorker(
  { lines, traces }: RouteServices,
  call: Call,
  params: object,
  payload: AsyncIterable<Uint8Array>,
): Promise<unknown> {
  const submit = lines.submit(call.worker.id, params as JsonObject, payload, call.asker(), call.signal);
  return await told({ call, traces, method: "units.submit" }, undefined, () => submit);
}

/** What came before the point that refused has passed. */
function noteRefusal(traces: RouteServices["traces"], { caller }: Call, method: string, error: unknown): void {
  if (error instanceof ServerError && error.code === "EPOCH_UNKNOWN")
    return traces.note(caller, "worker's secret", error, method);
  if (error instanceof RemoteError) {
    traces.note(caller, "forward", undefined, method);
    return traces.note(caller, "worker", error, method);
  }
  const point = error instanceof ServerError && error.code === "NOT_ENTITLED" ? "entitlement" : "forward";
  traces.note(caller, point, error, method);
}

interface Told {
  readonly call: Call;
  readonly traces: RouteServices["traces"];
  readonly method: string;
}

async function told<T>(
  { call, traces, method }: Told,
  late: AbortSignal | undefined,
  ask: () => Promise<T>,
): Promise<T> {
  try {
    const answer = await ask();
    for (const point of ["worker's secret", "forward", "worker"] as const)
      traces.note(call.caller, point, undefined, method);
    return answer;
  } catch (error) {
    noteRefusal(traces, call, method, error);
    call.signal.throwIfAborted();
    // The lines know it by its id only.
    if (error instanceof ServerError && error.code === "WORKER_AWAY")
      throw new ServerError("WORKER_AWAY", `the worker ${call.worker.name} is not connected`);
    throw late?.aborted ? tooLate() : passable(error);
  }
}

const tooLate = (): ServerError =>
  new ServerError("WORKER_UNREACHABLE", "the worker did not answer in time; what was asked may have been done");

/** What a worker may say to a client, in place of an answer. */
function passable(error: unknown): unknown {
  if (error instanceof RemoteError && !workerStatus.has(error.status))
    return new ServerError("WORKER_ANSWER", `the worker answered ${error.status}: ${error.message.slice(0, 500)}`);
  return error;
}
