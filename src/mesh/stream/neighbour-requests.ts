import { errorText } from "#core";
import { MeshError } from "../errors.ts";
import type { Link } from "../routing/link.ts";
import type { DirectRequest } from "./direct/direct-request.ts";
import { Tally } from "./quic/tally.ts";
import { splice } from "./splice.ts";
import type { ListenOptions, MeshStream } from "./stream.ts";

/** Streams that stubs have to others through this hub: in all, and each. */
const mostJoined = 10_000;
const mostJoinedPerStub = 1_000;

/** What answering neighbours takes. */
export interface NeighbourRequestsOptions {
  readonly nodeId: string;
  readonly isStub: boolean;
  /** The firewall. @throws {MeshError} `BLOCKED`. */
  readonly refuse: (fromNode: string, toNode: string, service: string) => void;
  readonly listener: (service: string) => ListenOptions | undefined;
  /** A stream to any node in the name of a stub. */
  readonly dialFor: (stub: string, toNode: string, service: string, signal: AbortSignal) => Promise<MeshStream>;
}

/**
 * What becomes of the streams neighbours ask for: they go to a service of this node, or, of a stub, to anybody. A hub
 * passes on its own stubs' streams and no others, so that no stream can go in a circle.
 */
export class NeighbourRequests {
  readonly #options: NeighbourRequestsOptions;
  readonly #joined = new Tally(mostJoined, mostJoinedPerStub);

  constructor(options: NeighbourRequestsOptions) {
    this.#options = options;
  }

  accept(request: DirectRequest, link: Link): void {
    try {
      this.#check(request, link);
      if (request.toNode === this.#options.nodeId) this.#listener(request.service).accept(request.accept());
      else void this.#join(request);
    } catch (error) {
      refuse(request, error);
    }
  }

  #check({ fromNode, toNode, service }: DirectRequest, link: Link): void {
    const { nodeId, isStub } = this.#options;
    const isFromOurHub = isStub && link.farhand?.hub === true;
    // A hub speaks for others; anybody else only for itself.
    if (fromNode !== link.peer && !isFromOurHub)
      throw new MeshError("BLOCKED", `${link.peer} may not open streams for ${fromNode}`);
    this.#options.refuse(fromNode, toNode, service);
    if (toNode !== nodeId && (isStub || !link.farhand?.stub))
      throw new MeshError("NO_ROUTE", `this node passes no direct streams on to ${toNode}`);
  }

  #listener(service: string): ListenOptions {
    const listener = this.#options.listener(service);
    if (!listener) throw new MeshError("SERVICE_UNKNOWN", `service unknown: ${service}`);
    if (listener.tls) throw new MeshError("TLS_REFUSED", `service ${service} takes only streams with TLS`);
    return listener;
  }

  /** Our stub wants to talk to somebody else. */
  async #join(request: DirectRequest): Promise<void> {
    const { fromNode, toNode, service, signal } = request;
    if (!this.#joined.hasRoom(fromNode))
      return request.refuse("STREAM_REFUSED", `${fromNode} has too many streams through its hub`);
    this.#joined.add(fromNode);
    let far: MeshStream | undefined;
    try {
      far = await this.#options.dialFor(fromNode, toNode, service, signal);
      await splice(request.accept(), far);
    } catch (error) {
      far?.destroy();
      refuse(request, error);
    } finally {
      this.#joined.remove(fromNode);
    }
  }
}

function refuse(request: DirectRequest, error: unknown): void {
  if (request.signal.aborted) return;
  if (error instanceof MeshError) request.refuse(error.code, error.message);
  else request.refuse("STREAM_REFUSED", errorText(error));
}
