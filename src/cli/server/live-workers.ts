import { type Clock, errorText, FarhandError } from "#core";
import type { ApiClient } from "./api-client.ts";
import { connectFault } from "./connect-fault.ts";
import { type SeenWorker, seenWorker } from "./seen-worker.ts";
import { objectIn, type Shape } from "./shapes.ts";
import { messagesOf } from "./web-socket.ts";

/** What is known of the workers, and whether it still comes in. */
export interface LiveView {
  readonly workers: readonly SeenWorker[];
  /** Undefined while the line to the server stands. */
  readonly cutOff: { readonly why: string; readonly sinceMs: number } | undefined;
  /** The one that changed last, as it came. */
  readonly changed: Shape | undefined;
}

const retryMs = 1_000;

/**
 * Workers as they change, for as long as somebody listens. After a cut it goes on at the position reached.
 *
 * @throws {FarhandError} what lets nobody listen: the session is over, the server is another one.
 */
export async function* liveWorkers(api: ApiClient, clock: Clock, signal: AbortSignal): AsyncGenerator<LiveView> {
  const state = new LiveState();
  for (let wasConnected = false; ; ) {
    try {
      for await (const message of listening(api, state.position, signal)) {
        wasConnected = true;
        yield state.take(message);
      }
      yield state.cut("the server ended the connection", clock.elapsed());
    } catch (error) {
      signal.throwIfAborted();
      const fault = error instanceof FarhandError ? error : (connectFault(api.url, error) as FarhandError);
      if (!wasConnected || fault.status < 500) throw fault;
      yield state.cut(errorText(fault), clock.elapsed());
    }
    await clock.sleep(retryMs, signal);
  }
}

async function* listening(api: ApiClient, after: unknown, signal: AbortSignal): AsyncGenerator<Shape> {
  const webSocket = await api.webSocket("/live", signal);
  try {
    webSocket.send(JSON.stringify(after === undefined ? {} : { after }));
    for await (const { data, isBinary } of messagesOf(webSocket, signal)) {
      if (isBinary) continue;
      const message = objectIn(JSON.parse(data.toString()));
      if (message["kind"] === "workers") yield* eachOf(message);
      else yield message;
    }
  } finally {
    webSocket.terminate();
  }
}

/** What is told of several at once, as if of one after the other. */
function eachOf({ workers, position }: Shape): Shape[] {
  return Array.isArray(workers) ? workers.map((worker: unknown) => ({ kind: "worker", position, worker })) : [];
}

class LiveState {
  position: unknown;
  #workers = new Map<string, SeenWorker>();
  /** All of them, as they are told one by one: what is shown stays as it was until they are complete. */
  #listing: Map<string, SeenWorker> | undefined;
  #cutOff: LiveView["cutOff"];

  take(message: Shape): LiveView {
    this.#cutOff = undefined;
    if (message["position"] !== undefined) this.position = message["position"];
    if (message["reset"] === true) this.#listing = new Map();
    if (message["listed"] === true && this.#listing) {
      this.#workers = this.#listing;
      this.#listing = undefined;
    }
    const { worker } = message;
    if (message["kind"] !== "worker") return this.#view(undefined);
    const changed = objectIn(worker);
    put(this.#listing ?? this.#workers, seenWorker(changed));
    return this.#view(changed);
  }

  cut(why: string, now: number): LiveView {
    // A list that was not told to its end is asked for again.
    if (this.#listing) this.position = undefined;
    this.#listing = undefined;
    this.#cutOff ??= { why, sinceMs: now };
    return this.#view(undefined);
  }

  #view(changed: Shape | undefined): LiveView {
    const workers = [...this.#workers.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
    return { workers, cutOff: this.#cutOff, changed };
  }
}

/** Who was removed is not shown any more. */
function put(workers: Map<string, SeenWorker>, seen: SeenWorker): void {
  if (seen.state === "removed") workers.delete(seen.id);
  else workers.set(seen.id, seen);
}
