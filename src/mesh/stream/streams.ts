import { errorText, type Log } from "#core";
import type { TlsProfiles } from "../certificate/profiles.ts";
import type { DatagramSwitch } from "../datagram/datagram-switch.ts";
import { MeshError } from "../errors.ts";
import type { FarhandHello } from "../packet/farhand-hello.ts";
import { type Environment, randomName } from "../routing/environment.ts";
import type { Link } from "../routing/link.ts";
import { type DirectStreams, openDirectStreams } from "./direct/direct-streams.ts";
import { LinkPipe } from "./link-pipe.ts";
import { LocalStreams } from "./local/local-streams.ts";
import { NeighbourRequests } from "./neighbour-requests.ts";
import { withinDialTime } from "./dial-time.ts";
import type { QuicEngine } from "./quic/engine.ts";
import { openQuicStreams, type QuicStreamEngine } from "./quic/quic-streams.ts";
import { loadQuicheEngine } from "./quic/quiche-engine.ts";
import type { DialOptions, ListenOptions, MeshStream, StreamEngine } from "./stream.ts";
import { StubHost } from "./stub-host.ts";
import { WayWatch } from "./way-watch.ts";

export interface StreamsOptions {
  readonly nodeId: string;
  readonly log: Log;
  readonly environment: Environment;
  readonly tls: TlsProfiles;
  readonly datagrams: DatagramSwitch;
  readonly nextHop: (node: string) => Link | undefined;
  /** Differs whenever the way to a node does. */
  readonly wayTo: (node: string) => string | undefined;
  /** What a node says of itself, wherever it is; undefined of a Receptor node and of one nothing is known of. */
  readonly helloOf: (node: string) => FarhandHello | undefined;
  /** Whether long datagrams get to a node as well as short ones. */
  readonly isSteady: (node: string) => boolean;
  /** This node has one hub that knows the rest of the mesh. */
  readonly isStub: boolean;
  /** Default: the one there is. */
  readonly loadEngine?: (() => Promise<QuicEngine>) | undefined;
}

interface DirectLink {
  readonly pipe: LinkPipe;
  readonly streams: DirectStreams;
}

/**
 * The streams of one node: QUIC from end to end over datagrams, or directly over one link: between a hub and its stub
 * (design §4.2), and between neighbours of whom one has no QUIC (docs/decisions/0008). A stream that names a TLS profile
 * is always QUIC, for only that is encrypted from end to end. What a node says to itself stays in the process.
 */
export class Streams implements StreamEngine {
  readonly #options: StreamsOptions;
  readonly #loadEngine: () => Promise<QuicEngine>;
  readonly #quic: QuicStreamEngine;
  readonly #wayWatch: WayWatch;
  readonly #local: LocalStreams;
  readonly #listeners = new Map<string, ListenOptions>();
  readonly #direct = new Map<Link, DirectLink>();
  readonly #host: StubHost;
  readonly #requests: NeighbourRequests;
  #engine: Promise<boolean> | undefined;
  #hasQuic = true;

  constructor(options: StreamsOptions) {
    const { nodeId, log, tls, datagrams, isStub, isSteady, loadEngine = loadQuicheEngine } = options;
    this.#options = options;
    this.#loadEngine = loadEngine;
    const openDatagrams: typeof datagrams.open = (service, events) => datagrams.open(service, events);
    this.#quic = openQuicStreams({ nodeId, openDatagrams, tls, log, isSteady, loadEngine });
    this.#wayWatch = new WayWatch({
      environment: options.environment,
      nextHop: options.nextHop,
      wayTo: options.wayTo,
      nodes: () => this.#quic.farNodes(),
      connectionsTo: (node) => this.#quic.connectionsTo(node),
    });
    this.#local = new LocalStreams({
      nodeId,
      log,
      listener: (service) => this.#listeners.get(service),
      freshName: () => randomName(options.environment),
    });
    this.#host = new StubHost({
      datagrams,
      log,
      engineFor: (stub) => this.#quic.forNode(stub, (service, events) => datagrams.openFor(stub, service, events)),
      dialStub: (fromNode, stub, service) => this.#openDirect(this.#directTo(stub), fromNode, stub, service, undefined),
    });
    this.#requests = new NeighbourRequests({
      nodeId,
      isStub,
      refuse: (fromNode, toNode, service) => datagrams.refuse(fromNode, toNode, service),
      listener: (service) => this.#listeners.get(service),
      dialFor: (stub, toNode, service, signal) => this.#dialFor(stub, toNode, service, signal),
    });
  }

  /** Whether this node has QUIC. To be known before it greets anybody: the greeting says it. */
  findEngine(): Promise<boolean> {
    this.#engine ??= this.#loadEngine().then(
      () => true,
      (error) => {
        this.#hasQuic = false;
        this.#options.log.warn(
          `streams reach only neighbours, and as a stub what its hub reaches: ${errorText(error)}`,
        );
        return false;
      },
    );
    return this.#engine;
  }

  async dial(node: string, service: string, options: DialOptions): Promise<MeshStream> {
    const { nodeId, datagrams } = this.#options;
    const target = node.toLowerCase() === "localhost" ? nodeId : node;
    if (target === nodeId) return this.#dialOurselves(service, options);
    const direct = options.tls ? undefined : this.#directTo(target);
    if (!direct) {
      this.#checkQuic(target, options.tls);
      return this.#quic.dial(target, service, options);
    }
    datagrams.refuse(nodeId, target, service);
    return this.#openDirect(direct, nodeId, target, service, options.signal);
  }

  listen(service: string, options: ListenOptions): { close(): Promise<void> } {
    const listener = this.#quic.listen(service, options);
    this.#listeners.set(service, options);
    return {
      close: () => {
        this.#listeners.delete(service);
        this.#local.drop(options);
        return listener.close();
      },
    };
  }

  async close(): Promise<void> {
    for (const { streams } of this.#direct.values()) streams.close();
    this.#local.close();
    await this.#host.close();
    await this.#quic.close();
  }

  /** Who has started anew has forgotten its streams, and those it had in the name of its stubs. */
  nodeRestarted(node: string): void {
    this.#quic.probe((to) => to === node || this.#isHosted(to));
  }

  /** The ways to other nodes may be others now. */
  waysMayDiffer(): void {
    this.#wayWatch.changed();
  }

  /** Its hub, whichever that is, answers for it. */
  #isHosted(node: string): boolean {
    const hello = this.#options.helloOf(node);
    return hello?.stub === true && !hello.quic;
  }

  /** A datagram for a service of a stub passes by. @returns whether this node answers it. */
  hostStub(stub: string, service: string): boolean {
    const link = this.#options.nextHop(stub);
    if (!this.#hasQuic || !link || !isOurStub(link, stub) || link.farhand?.quic || !this.#direct.has(link))
      return false;
    return this.#host.host(stub, service);
  }

  linkUp(link: Link): void {
    this.waysMayDiffer();
    if (!link.farhand?.direct || !link.road.isReliable) return;
    const pipe = new LinkPipe(link);
    const streams = openDirectStreams(pipe, {
      isInitiator: this.#options.nodeId < link.peer,
      accept: (request) => this.#requests.accept(request, link),
      log: this.#options.log,
    });
    this.#direct.set(link, { pipe, streams });
  }

  linkDown(link: Link): void {
    this.waysMayDiffer();
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

  /** The link that a stream without TLS to a node takes, or undefined: it goes by QUIC. */
  #directTo(node: string): DirectLink | undefined {
    const link = this.#options.nextHop(node);
    if (!link?.farhand) return undefined;
    const isOurHub = this.#options.isStub && link.farhand.hub;
    const lacksQuic = link.peer === node && !(this.#hasQuic && link.farhand.quic);
    return isOurStub(link, node) || isOurHub || lacksQuic ? this.#direct.get(link) : undefined;
  }

  /** TLS proves who is there, also to ourselves: whoever names a profile gets it, and with it QUIC. */
  async #dialOurselves(service: string, options: DialOptions): Promise<MeshStream> {
    const { nodeId, datagrams } = this.#options;
    if (!options.tls && !this.#listeners.get(service)?.tls) {
      datagrams.refuse(nodeId, nodeId, service);
      return this.#local.dial(service, options.signal);
    }
    if (await this.findEngine()) return this.#quic.dial(nodeId, service, options);
    throw new MeshError("TLS_REFUSED", "this node has no QUIC engine, so there are no streams with TLS");
  }

  /** QUIC to a node that has none is not tried: it would only run into its timeout. */
  #checkQuic(node: string, tls: string | undefined): void {
    const hello = this.#options.helloOf(node);
    if (!hello || hello.quic) return;
    if (tls) throw new MeshError("TLS_REFUSED", `node ${node} has no QUIC engine, so it takes no streams with TLS`);
    if (!hello.stub)
      throw new MeshError("QUIC_UNAVAILABLE", `node ${node} has no QUIC engine and is neither neighbour nor stub`);
  }

  /** A stub of ours wants to talk to somebody else. */
  async #dialFor(stub: string, toNode: string, service: string, signal: AbortSignal): Promise<MeshStream> {
    const direct = this.#directTo(toNode);
    if (direct) return this.#openDirect(direct, stub, toNode, service, signal);
    this.#checkQuic(toNode, undefined);
    return this.#host.dial(stub, toNode, service, signal);
  }

  async #openDirect(
    direct: DirectLink | undefined,
    fromNode: string,
    toNode: string,
    service: string,
    signal: AbortSignal | undefined,
  ): Promise<MeshStream> {
    if (!direct) throw new MeshError("NO_CONNECTION", `no connection to node ${toNode}`);
    const priority = service === "control" ? "control" : "data";
    const target = { fromNode, toNode, service };
    return withinDialTime(toNode, signal, (limit) => direct.streams.open(target, { signal: limit, priority }));
  }
}

function isOurStub(link: Link, node: string): boolean {
  return link.peer === node && link.farhand?.stub === true;
}
