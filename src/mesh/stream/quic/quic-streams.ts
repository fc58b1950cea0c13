import { type Clock, type Log, systemClock } from "#core";
import { MeshError } from "../../errors.ts";
import type { OpenDatagrams } from "../datagrams.ts";
import type { DialOptions, ListenOptions, MeshStream, StreamEngine } from "../stream.ts";
import type { Connection } from "../way-watch.ts";
import type { QuicEngine, QuicProfile } from "./engine.ts";
import { FarEnds } from "./far-ends.ts";
import { defaultQuicLimits, type QuicLimits } from "./limits.ts";
import { type DialTarget, OutgoingConnection } from "./outgoing-connection.ts";
import { loadQuicheEngine } from "./quiche-engine.ts";
import { type ListenerTallies, QuicListener, talliesOf } from "./quic-listener.ts";
import { StreamTls, type TlsProfiles } from "./stream-tls.ts";

/** What the streams of a node stand on. */
export interface QuicStreamsOptions {
  readonly nodeId: string;
  readonly openDatagrams: OpenDatagrams;
  readonly tls: TlsProfiles;
  readonly log: Log;
  /** Judges certificates; the engine keeps time of its own. */
  readonly clock?: Pick<Clock, "now"> | undefined;
  readonly limits?: Partial<QuicLimits> | undefined;
  /** Whether long datagrams get to a node as well as short ones; absent: always. */
  readonly isSteady?: ((node: string) => boolean) | undefined;
  /** Default: the one there is. Asked for at the first dial or listener. */
  readonly loadEngine?: (() => Promise<QuicEngine>) | undefined;
}

/** Streams by QUIC, of one node or of others for which it speaks. */
export interface QuicStreamEngine extends StreamEngine {
  /**
   * Nodes may have forgotten streams that were dialled to them before: those end, unless they are still known. It counts
   * for the streams of other nodes too.
   */
  probe(isMeant: (node: string) => boolean): void;
  /** Nodes that connections lead to, those of other nodes among them. */
  farNodes(): Iterable<string>;
  connectionsTo(node: string): Iterable<Connection>;
  /**
   * Streams of another node, whose datagrams go through this one. The certificate is the same, for making one is dear,
   * and so are the bounds on connections: all such nodes together may have as many as one listener.
   */
  forNode(nodeId: string, openDatagrams: OpenDatagrams): StreamEngine;
}

/** Streams by QUIC over the datagrams of a node, as Receptor has them (spec §4). */
export function openQuicStreams(options: QuicStreamsOptions): QuicStreamEngine {
  const { openDatagrams, tls, log, clock = systemClock, limits: given, loadEngine = loadQuicheEngine } = options;
  const limits = { ...defaultQuicLimits, ...given };
  const { nodeId, isSteady = () => true } = options;
  const everyDial = new Set<OutgoingConnection>();
  const farEnds = new FarEnds();
  const shared = { everyDial, farEnds };
  const common = { log, limits, loadEngine, isSteady, ...shared, tls: new StreamTls(tls, transportOf(limits), clock) };
  const forOthers = talliesOf(limits);
  const own = new QuicStreams({ ...common, nodeId, openDatagrams });
  return {
    dial: (node, service, dialOptions) => own.dial(node, service, dialOptions),
    listen: (service, listenOptions) => own.listen(service, listenOptions),
    close: () => own.close(),
    probe: (isMeant) => {
      for (const dial of everyDial) if (isMeant(dial.node)) dial.driver.probe();
    },
    farNodes: () => farEnds.nodes(),
    connectionsTo: (node) => farEnds.of(node),
    forNode: (other, open) => new QuicStreams({ ...common, nodeId: other, openDatagrams: open, tallies: forOthers }),
  };
}

interface Parts extends Pick<QuicStreamsOptions, "nodeId" | "openDatagrams" | "log"> {
  readonly loadEngine: () => Promise<QuicEngine>;
  readonly limits: QuicLimits;
  readonly tls: StreamTls;
  readonly isSteady: (node: string) => boolean;
  /** Dials of all nodes that share the rest. */
  readonly everyDial: Set<OutgoingConnection>;
  /** Of dials and listeners of all these nodes. */
  readonly farEnds: FarEnds;
  /** Of all listeners together; absent: each has its own. */
  readonly tallies?: ListenerTallies | undefined;
}

class QuicStreams implements StreamEngine {
  readonly #nodeId: string;
  readonly #openDatagrams: OpenDatagrams;
  readonly #log: Log;
  readonly #limits: QuicLimits;
  readonly #loadEngine: () => Promise<QuicEngine>;
  readonly #tls: StreamTls;
  readonly #tallies: ListenerTallies | undefined;
  readonly #isSteady: (node: string) => boolean;
  readonly #short = new WeakMap<QuicProfile, QuicProfile>();
  readonly #dials = new Set<OutgoingConnection>();
  readonly #everyDial: Set<OutgoingConnection>;
  readonly #farEnds: FarEnds;
  readonly #listeners = new Set<QuicListener>();
  #closed = false;

  constructor(parts: Parts) {
    const { nodeId, openDatagrams, tls, log, limits, loadEngine, isSteady, everyDial, farEnds, tallies } = parts;
    this.#nodeId = nodeId;
    this.#openDatagrams = openDatagrams;
    this.#log = log;
    this.#limits = limits;
    this.#loadEngine = loadEngine;
    this.#tls = tls;
    this.#tallies = tallies;
    this.#isSteady = isSteady;
    this.#everyDial = everyDial;
    this.#farEnds = farEnds;
  }

  async dial(node: string, service: string, { tls, signal }: DialOptions): Promise<MeshStream> {
    signal?.throwIfAborted();
    const security = this.#tls.dialer(tls);
    const [engine] = await Promise.all([this.#loadEngine(), security.ready()]);
    signal?.throwIfAborted();
    const profile = security.profile();
    if (this.#closed || !profile) throw closed();
    const to = node.toLowerCase() === "localhost" ? this.#nodeId : node;
    const target: DialTarget = {
      node: to,
      service,
      profile: to === this.#nodeId || this.#isSteady(to) ? profile : this.#shortOf(profile),
      judge: security.judge,
      confirm: tls !== undefined && tls !== "",
    };
    return this.#connect(engine, target, signal);
  }

  listen(service: string, { tls, accept }: ListenOptions): { close(): Promise<void> } {
    if (this.#closed) throw closed();
    const context = {
      engine: this.#loadEngine,
      openDatagrams: this.#openDatagrams,
      limits: this.#limits,
      log: this.#log,
      farEnds: this.#farEnds,
      tallies: this.#tallies ?? talliesOf(this.#limits),
    };
    const listener = new QuicListener(context, service, this.#tls.listener(tls), accept);
    this.#listeners.add(listener);
    return {
      close: async () => {
        this.#listeners.delete(listener);
        listener.close();
      },
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const listener of this.#listeners) listener.close();
    this.#listeners.clear();
    for (const dial of this.#dials) dial.leave(closed());
  }

  /** The same with short datagrams, which the far end then sends as well. */
  #shortOf(profile: QuicProfile): QuicProfile {
    const { tls, transport } = profile;
    const short = this.#short.get(profile) ?? {
      tls,
      transport: { ...transport, maxDatagramBytes: this.#limits.shortDatagramBytes },
    };
    this.#short.set(profile, short);
    return short;
  }

  #connect(engine: QuicEngine, target: DialTarget, signal: AbortSignal | undefined): Promise<MeshStream> {
    const context = { engine, openDatagrams: this.#openDatagrams, limits: this.#limits };
    return new Promise<MeshStream>((resolve, reject) => {
      const abort = () => connection.leave(signal?.reason as Error);
      const settled = () => signal?.removeEventListener("abort", abort);
      const connection = new OutgoingConnection(context, target, {
        opened: (stream) => {
          settled();
          resolve(stream);
        },
        failed: (error) => {
          settled();
          reject(error);
        },
        released: () => {
          this.#dials.delete(connection);
          this.#everyDial.delete(connection);
          this.#farEnds.remove(target.node, connection.driver);
        },
      });
      this.#dials.add(connection);
      this.#everyDial.add(connection);
      this.#farEnds.add(target.node, connection.driver);
      signal?.addEventListener("abort", abort);
    });
  }
}

function closed(): MeshError {
  return new MeshError("MESH_CLOSED", "this node is shutting down");
}

/** As Receptor has it (spec §4.2), but for the length of datagrams. */
function transportOf({ idleMs, maxDatagramBytes }: QuicLimits) {
  return {
    alpn: "netceptor",
    idleMs,
    maxDatagramBytes,
    streamWindowBytes: 512 * 1024,
    maxStreamWindowBytes: 6 * 1024 * 1024,
    connectionWindowBytes: 768 * 1024,
    maxConnectionWindowBytes: 15 * 1024 * 1024,
  };
}
