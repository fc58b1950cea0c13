import { setImmediate as nextTurn } from "node:timers/promises";
import { errorText, type Log } from "#core";
import { MeshError } from "../../errors.ts";
import type { ListenOptions, MeshStream } from "../stream.ts";
import { type LocalPair, localPair } from "./local-stream.ts";

/** What streams within a node take. */
export interface LocalStreamsOptions {
  readonly nodeId: string;
  readonly log: Log;
  readonly listener: (service: string) => ListenOptions | undefined;
  /** The name of a dialer's place; any that no service has. */
  readonly freshName: () => string;
}

/** Streams of a node to its own services: nothing of them leaves the process, so they need no engine and no road. */
export class LocalStreams {
  readonly #options: LocalStreamsOptions;
  readonly #pairs = new Map<LocalPair, ListenOptions>();
  #isClosed = false;

  constructor(options: LocalStreamsOptions) {
    this.#options = options;
  }

  /** @throws {MeshError} `SERVICE_UNKNOWN`, `MESH_CLOSED`; the reason of the signal. */
  async dial(service: string, signal: AbortSignal | undefined): Promise<MeshStream> {
    signal?.throwIfAborted();
    await nextTurn();
    signal?.throwIfAborted();
    const { nodeId, listener, freshName } = this.#options;
    if (this.#isClosed) throw closing("this node is shutting down");
    const listening = listener(service);
    if (!listening) throw new MeshError("SERVICE_UNKNOWN", `service unknown: ${nodeId}:${service}`);
    const pair = localPair(nodeId, service, freshName());
    this.#pairs.set(pair, listening);
    // When one end is closed the other needs nobody to close it: it knows.
    pair.listener.once("close", () => this.#pairs.delete(pair));
    this.#accept(pair, listening);
    return pair.dialer;
  }

  /** A listener closes: as from another node, its streams are over. */
  drop(listening: ListenOptions): void {
    for (const [pair, accepted] of this.#pairs) if (accepted === listening) end(pair, "its service is closing");
  }

  close(): void {
    this.#isClosed = true;
    for (const pair of this.#pairs.keys()) end(pair, "this node is shutting down");
  }

  #accept({ listener }: LocalPair, { accept }: ListenOptions): void {
    try {
      accept(listener);
    } catch (error) {
      this.#options.log.error(`a stream from this node itself could not be served: ${errorText(error)}`);
      listener.destroy();
    }
  }
}

function end({ dialer, listener }: LocalPair, why: string): void {
  for (const stream of [listener, dialer]) stream.destroy(closing(why));
}

function closing(why: string): MeshError {
  return new MeshError("MESH_CLOSED", why);
}
