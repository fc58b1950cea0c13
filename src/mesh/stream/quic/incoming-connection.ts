import { errorText, type Log } from "#core";
import type { Judge } from "./certificate-judges.ts";
import { ConnectionDriver, type DriverEvents } from "./connection-driver.ts";
import { type QuicConnection, QuicStreamEnded } from "./engine.ts";
import type { QuicLimits } from "./limits.ts";
import { onlyStream, QuicStream } from "./quic-stream.ts";
import { endingError, isNormalClose, type StreamEnding } from "./stream-endings.ts";

/** What all connections of a listener share. */
export interface AcceptContext {
  readonly limits: QuicLimits;
  readonly log: Log;
  readonly judge: Judge;
  readonly accept: (stream: QuicStream) => void;
}

/** Where a connection's datagrams come from and go to. */
export interface PeerPlace {
  readonly node: string;
  readonly service: string;
  readonly transmit: (datagram: Uint8Array) => void;
}

/** What a listener counts by. */
export interface IncomingEvents {
  /** The handshake is over, or will never be. */
  shaken(): void;
  released(): void;
}

/** One connection that somebody opened to a listener: judged, then its stream handed over behind the first byte. */
export class IncomingConnection implements DriverEvents {
  readonly driver: ConnectionDriver;
  readonly #peer: PeerPlace;
  readonly #context: AcceptContext;
  readonly #events: IncomingEvents;
  #stream: QuicStream | undefined;
  #isShaken = false;
  #acceptTimer: NodeJS.Timeout | undefined;

  constructor(connection: QuicConnection, peer: PeerPlace, context: AcceptContext, events: IncomingEvents) {
    this.#peer = peer;
    this.#context = context;
    this.#events = events;
    this.driver = new ConnectionDriver(connection, peer.transmit, context.limits, this);
  }

  /** A datagram from there may be of this connection. */
  isOf(node: string, service: string): boolean {
    return this.#peer.node === node && this.#peer.service === service;
  }

  /** The far end's own node says that it has no such service any more. */
  goneAt(node: string, service: string): void {
    if (this.isOf(node, service)) this.driver.abandon({ kind: "no service" });
  }

  /** The listener closes. */
  leave(): void {
    this.driver.leave("Listener Closed");
  }

  established(): void {
    this.#shaken();
    const fault = this.#context.judge(this.driver.connection.peerChain(), this.#peer.node);
    if (fault === undefined) {
      this.#acceptTimer = setTimeout(() => this.#refuse("Accept Timeout"), this.#context.limits.acceptMs);
      return;
    }
    this.driver.refuseCertificate(fault);
    this.#context.log.warn(`refused the certificate of a stream from ${this.#from}: ${fault}`);
  }

  progress(): void {
    if (this.#stream) this.#stream.progress();
    else if (this.driver.connection.streamReadable(onlyStream)) this.#readFirstByte();
  }

  ended(ending: StreamEnding): void {
    this.#shaken();
    clearTimeout(this.#acceptTimer);
    if (this.#stream) this.#stream.ended(ending);
    else if (!isNormalClose(ending)) this.#context.log.debug(endingError(ending, this.#from).message);
  }

  released(): void {
    this.#events.released();
  }

  get #from(): string {
    return `${this.#peer.node}:${this.#peer.service}`;
  }

  #shaken(): void {
    if (this.#isShaken) return;
    this.#isShaken = true;
    this.#events.shaken();
  }

  /** The hidden byte that made the stream visible (spec §4.3). */
  #readFirstByte(): void {
    const byte = Buffer.alloc(1);
    try {
      const [bytes, isEnd] = this.driver.connection.streamReceive(onlyStream, byte) ?? [0, false];
      if (bytes === 0 && isEnd) this.#refuse("Read Error: EOF");
      else if (bytes === 1 && byte[0] !== 0) this.#refuse("Read Data Error");
      else if (bytes === 1) this.#accept();
    } catch (error) {
      if (!(error instanceof QuicStreamEnded)) throw error;
      this.#refuse(`Read Error: ${error.message}`);
    }
  }

  #accept(): void {
    clearTimeout(this.#acceptTimer);
    const { node, service } = this.#peer;
    const lingerMs = this.#context.limits.listenerLingerMs;
    const place = { remoteNode: node, remoteService: service, lingerMs, isCloseAnEnd: false };
    const stream = new QuicStream(this.driver, place);
    this.#stream = stream;
    try {
      this.#context.accept(stream);
    } catch (error) {
      this.#context.log.error(`a stream from ${this.#from} could not be served: ${errorText(error)}`);
      stream.destroy();
    }
    stream.progress();
  }

  #refuse(reason: string): void {
    clearTimeout(this.#acceptTimer);
    this.driver.refuse(reason);
    this.#context.log.debug(`refused a stream from ${this.#from}: ${reason}`);
  }
}
