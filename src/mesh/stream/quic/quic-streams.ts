import { type Clock, type Log, systemClock } from "#core";
import { MeshError } from "../../errors.ts";
import type { OpenDatagrams } from "../datagrams.ts";
import type { DialOptions, ListenOptions, MeshStream, StreamEngine } from "../stream.ts";
import type { QuicEngine } from "./engine.ts";
import { defaultQuicLimits, type QuicLimits } from "./limits.ts";
import { type DialTarget, OutgoingConnection } from "./outgoing-connection.ts";
import { loadQuicheEngine } from "./quiche-engine.ts";
import { QuicListener } from "./quic-listener.ts";
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
  /** Default: the one there is. Asked for at the first dial or listener. */
  readonly loadEngine?: (() => Promise<QuicEngine>) | undefined;
}

/** Streams by QUIC over the datagrams of a node, as Receptor has them (spec §4). */
export function openQuicStreams(options: QuicStreamsOptions): StreamEngine {
  return new QuicStreams(options);
}

class QuicStreams implements StreamEngine {
  readonly #nodeId: string;
  readonly #openDatagrams: OpenDatagrams;
  readonly #log: Log;
  readonly #limits: QuicLimits;
  readonly #loadEngine: () => Promise<QuicEngine>;
  readonly #tls: StreamTls;
  readonly #dials = new Set<OutgoingConnection>();
  readonly #listeners = new Set<QuicListener>();
  #closed = false;

  constructor({ nodeId, openDatagrams, tls, log, clock = systemClock, limits, loadEngine }: QuicStreamsOptions) {
    this.#nodeId = nodeId;
    this.#openDatagrams = openDatagrams;
    this.#log = log;
    this.#limits = { ...defaultQuicLimits, ...limits };
    this.#loadEngine = loadEngine ?? loadQuicheEngine;
    this.#tls = new StreamTls(tls, transportOf(this.#limits), clock);
  }

  async dial(node: string, service: string, { tls, signal }: DialOptions): Promise<MeshStream> {
    signal?.throwIfAborted();
    const security = this.#tls.dialer(tls);
    const [engine] = await Promise.all([this.#loadEngine(), security.ready()]);
    signal?.throwIfAborted();
    const profile = security.profile();
    if (this.#closed || !profile) throw closed();
    const target: DialTarget = {
      node: node.toLowerCase() === "localhost" ? this.#nodeId : node,
      service,
      profile,
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
        released: () => this.#dials.delete(connection),
      });
      this.#dials.add(connection);
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
