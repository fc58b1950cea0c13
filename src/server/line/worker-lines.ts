import type { Duplex } from "node:stream";
import type { JsonObject, Level } from "#fleet";

/** Somebody who asks a worker for something through the server: what the assertion will say of them (CAT-56). */
export interface Asker {
  readonly userId: string;
  /** For people and logs. */
  readonly name: string;
  readonly roles: readonly string[];
  /** Most that the server lets them do on this worker. */
  readonly level: Level;
  /** How they logged in: `pwd`, `otp`, `token`; and when, milliseconds since 1970. */
  readonly methods: readonly string[];
  readonly loggedInAt: number;
  /** Features that the policy includes on this worker (CAT-100); absent: nobody has said. */
  readonly entitled?: readonly string[];
  /** Where they come from, for the worker's log (CAT-63). */
  readonly source?: string;
  /** Names the connection they came over, so that the worker can tell it from another one (CAT-75). */
  readonly connection?: string;
  /** Names this one request, here and at the worker: the assertion's `jti`; absent: it gets one that nobody here knows. */
  readonly request?: string;
  /** Opaque reference of their session or token: whatever was opened under it is cut by {@link WorkerLines.cut}. */
  readonly session: string;
}

/** One request to a worker's method table. */
export interface WorkerRequest {
  readonly method: string;
  readonly params: JsonObject;
}

/** An open stream to a worker: what it answered first, then bytes both ways until either side ends. */
export interface WorkerStream {
  readonly result: unknown;
  readonly stream: Duplex;
}

/** The server's lines to its connected workers. Callers have checked who asks; the worker checks again. */
export interface WorkerLines {
  /**
   * Ask a worker and wait for its answer.
   *
   * @throws {ServerError} WORKER_AWAY: it is not connected, and nothing was done; WORKER_UNREACHABLE: its line broke
   *   meanwhile, and it may have been.
   * EPOCH_UNKNOWN. @throws {RemoteError} what the worker answered.
   */
  call(workerId: string, request: WorkerRequest, asker: Asker, signal: AbortSignal): Promise<unknown>;
  /** Open a stream: a unit's output, a payload with its unit, a shell. Throws as {@link call} does. */
  open(workerId: string, request: WorkerRequest, asker: Asker, signal: AbortSignal): Promise<WorkerStream>;
  /**
   * Have a worker take a unit (its stream method `units.submit`): the payload is sent as it comes, and the answer is its
   * `{unit, state}` when the payload is whole over there and the unit started or waits. A payload that breaks off ends the unit
   * as INPUT_FAILED. Throws as {@link call} does.
   */
  submit(
    workerId: string,
    params: JsonObject,
    payload: AsyncIterable<Uint8Array>,
    asker: Asker,
    signal: AbortSignal,
  ): Promise<unknown>;
  /** A session, or all that somebody has on one worker, is over: streams and calls under it end at once (CAT-67). */
  cut(session: string, reason: string): void;
}
