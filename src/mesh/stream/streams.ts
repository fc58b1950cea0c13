import { errorText, type Log } from "#core";
import type { TlsProfiles } from "../certificate/profiles.ts";
import type { DatagramSwitch } from "../datagram/datagram-switch.ts";
import { MeshError } from "../errors.ts";
import type { Link } from "../routing/link.ts";
import type { DirectRequest } from "./direct/direct-request.ts";
import { type DirectStreams, openDirectStreams } from "./direct/direct-streams.ts";
import { LinkPipe } from "./link-pipe.ts";
import { openQuicStreams } from "./quic/quic-streams.ts";
import { splice } from "./splice.ts";
import type { DialOptions, ListenOptions, MeshStream, StreamEngine } from "./stream.ts";
import { StubHost } from "./stub-host.ts";

export interface StreamsOptions {
  readonly nodeId: string;
  readonly log: Log;
  readonly tls: TlsProfiles;
  readonly datagrams: DatagramSwitch;
  readonly nextHop: (node: string) => Link | undefined;
  /** This node has one hub that knows the rest of the mesh. */
  readonly isStub: boolean;
}

interface DirectLink {
  readonly pipe: LinkPipe;
  readonly streams: DirectStreams;
}

/**
 * The streams of one node: QUIC end to end over datagrams, or directly over the link between a hub and its stub (design
 * §4.2). A stream that names a TLS profile is always QUIC, for only that is encrypted from end to end.
 */
export class Streams implements StreamEngine {
  readonly #options: StreamsOptions;
  readonly #quic: StreamEngine;
  readonly #listeners = new Map<string, ListenOptions>();
  readonly #direct = new Map<Link, DirectLink>();
  readonly #host: StubHost;

  constructor(options: StreamsOptions) {
    this.#options = options;
    this.#quic = this.#quicFor(options.nodeId, (service, events) => options.datagrams.open(service, events));
    this.#host = new StubHost({
      datagrams: options.datagrams,
      log: options.log,
      engineFor: (stub) =>
        this.#quicFor(stub, (service, events) => options.datagrams.openFor(stub, service ?? "", events)),
      dialStub: (fromNode, stub, service) => this.#openDirect(this.#directTo(stub), fromNode, stub, service, {}),
    });
  }

  dial(node: string, service: string, options: DialOptions): Promise<MeshStream> {
    const { nodeId } = this.#options;
    const target = node.toLowerCase() === "localhost" ? nodeId : node;
    const direct = options.tls || target === nodeId ? undefined : this.#directTo(target);
    if (!direct) return this.#quic.dial(target, service, options);
    this.#options.datagrams.refuse(nodeId, target, service);
    return this.#openDirect(direct, nodeId, target, service, options);
  }

  listen(service: string, options: ListenOptions): { close(): Promise<void> } {
    const listener = this.#quic.listen(service, options);
    this.#listeners.set(service, options);
    return {
      close: () => {
        this.#listeners.delete(service);
        return listener.close();
      },
    };
  }

  async close(): Promise<void> {
    for (const { streams } of this.#direct.values()) streams.close();
    await this.#host.close();
    await this.#quic.close();
  }

  /** A datagram for a service of a stub passes by. @returns whether this node answers it. */
  hostStub(stub: string, service: string): boolean {
    const link = this.#options.nextHop(stub);
    if (link?.peer !== stub || !link.farhand?.stub || !this.#direct.has(link)) return false;
    this.#host.host(stub, service);
    return true;
  }

  linkUp(link: Link): void {
    if (!link.farhand?.direct || !link.road.isReliable) return;
    const pipe = new LinkPipe(link);
    const streams = openDirectStreams(pipe, {
      isInitiator: this.#options.nodeId < link.peer,
      accept: (request) => this.#accept(request, link),
      log: this.#options.log,
    });
    this.#direct.set(link, { pipe, streams });
  }

  linkDown(link: Link): void {
    this.#direct.get(link)?.pipe.closed();
    this.#direct.delete(link);
    this.#host.drop(link);
  }

  /** A message of type `direct` came over a link. */
  frame(link: Link, message: Uint8Array): void {
    this.#direct.get(link)?.pipe.receive(message);
  }

  drained(link: Link): void {
    this.#direct.get(link)?.pipe.drained();
  }

  #quicFor(nodeId: string, openDatagrams: Parameters<typeof openQuicStreams>[0]["openDatagrams"]): StreamEngine {
    const { tls, log } = this.#options;
    return openQuicStreams({ nodeId, openDatagrams, tls, log });
  }

  /** The link that a direct stream to a node takes, or undefined: it goes by QUIC. */
  #directTo(node: string): DirectLink | undefined {
    const link = this.#options.nextHop(node);
    if (!link) return undefined;
    const isOurStub = link.peer === node && link.farhand?.stub === true;
    return isOurStub || this.#isOurHub(link) ? this.#direct.get(link) : undefined;
  }

  #isOurHub(link: Link): boolean {
    return this.#options.isStub && link.farhand?.hub === true;
  }

  async #openDirect(
    direct: DirectLink | undefined,
    fromNode: string,
    toNode: string,
    service: string,
    { signal }: DialOptions,
  ): Promise<MeshStream> {
    if (!direct) throw new MeshError("NO_CONNECTION", `no connection to node ${toNode}`);
    const priority = service === "control" ? "control" : "data";
    return direct.streams.open({ fromNode, toNode, service }, { ...(signal && { signal }), priority });
  }

  #accept(request: DirectRequest, link: Link): void {
    const { nodeId, datagrams } = this.#options;
    const { fromNode, toNode, service } = request;
    // A hub speaks for others; anybody else only for itself.
    if (fromNode !== link.peer && !this.#isOurHub(link))
      return request.refuse("BLOCKED", `${link.peer} may not open streams for ${fromNode}`);
    try {
      datagrams.refuse(fromNode, toNode, service);
    } catch (error) {
      return request.refuse("BLOCKED", errorText(error));
    }
    if (toNode !== nodeId) return void this.#join(request, link);
    const listener = this.#listeners.get(service);
    if (!listener) return request.refuse("SERVICE_UNKNOWN", `service unknown: ${service}`);
    if (listener.tls) return request.refuse("TLS_REFUSED", `service ${service} takes only streams with TLS`);
    listener.accept(request.accept());
  }

  /** Our stub wants to talk to somebody else. */
  async #join(request: DirectRequest, link: Link): Promise<void> {
    const { toNode, service, signal } = request;
    if (!link.farhand?.stub) return request.refuse("NO_ROUTE", `this node passes no direct streams on to ${toNode}`);
    let far: MeshStream | undefined;
    try {
      const direct = this.#directTo(toNode);
      far = direct
        ? await this.#openDirect(direct, request.fromNode, toNode, service, { signal })
        : await this.#quic.dial(toNode, service, { signal });
      await splice(request.accept(), far);
    } catch (error) {
      far?.destroy();
      if (!signal.aborted) request.refuse(...refusal(error));
    }
  }
}

function refusal(error: unknown): [MeshError["code"], string] {
  return error instanceof MeshError ? [error.code, error.message] : ["STREAM_REFUSED", errorText(error)];
}
