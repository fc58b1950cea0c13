import { randomBytes } from "node:crypto";
import type { DatagramSocket, OpenDatagrams, UnreachableReport } from "../datagrams.ts";
import { ConnectionDriver, type DriverEvents } from "./connection-driver.ts";
import { connectionIdBytes, type QuicEngine, type QuicProfile, QuicStreamEnded } from "./engine.ts";
import type { QuicLimits } from "./limits.ts";
import { onlyStream, QuicStream } from "./quic-stream.ts";
import { certificateError, endingError, type StreamEnding } from "./stream-endings.ts";
import type { Judge } from "./certificate-judges.ts";

/** What all dials of a node share. */
export interface DialContext {
  readonly engine: QuicEngine;
  readonly openDatagrams: OpenDatagrams;
  readonly limits: QuicLimits;
}

/** Where a dial goes to, and how. */
export interface DialTarget {
  /** Never `localhost`. */
  readonly node: string;
  readonly service: string;
  readonly profile: QuicProfile;
  readonly judge: Judge;
  /**
   * Open only when the far end has accepted our certificate, which costs a round trip: for ourselves the handshake is
   * over before it has seen that (RFC 8446 §2).
   */
  readonly confirm: boolean;
}

/** What comes of a dial: `opened` or `failed`, and at last `released`. */
export interface DialEvents {
  opened(stream: QuicStream): void;
  failed(error: Error): void;
  /** Connection and socket are gone. */
  released(): void;
}

/** The hidden byte that makes a stream visible to its listener (spec §4.3). */
const firstByte = Buffer.from([0]);

/** One dial, and the connection it leads to, over an ephemeral datagram socket of its own. */
export class OutgoingConnection implements DriverEvents {
  readonly #target: DialTarget;
  readonly #events: DialEvents;
  readonly #socket: DatagramSocket;
  readonly #driver: ConnectionDriver;
  #stream: QuicStream | undefined;
  #isVisible = false;
  /** Datagrams that had come when the first byte went out. */
  #receivedBefore = 0;
  #settled = false;

  constructor({ engine, openDatagrams, limits }: DialContext, target: DialTarget, events: DialEvents) {
    this.#target = target;
    this.#events = events;
    const { node, service, profile } = target;
    this.#socket = openDatagrams(undefined, {
      // Whoever sent it: replies to a dial of `localhost` come from the node's own id, and forgeries cannot be decrypted.
      received: (datagram) => this.#driver.receive(datagram),
      unreachable: (report) => this.#unreachable(report),
    });
    const connection = engine.connect(profile, randomBytes(connectionIdBytes));
    const transmit = (datagram: Uint8Array) => this.#socket.send(node, service, datagram);
    this.#driver = new ConnectionDriver(connection, transmit, limits, this);
  }

  get node(): string {
    return this.#target.node;
  }

  get driver(): ConnectionDriver {
    return this.#driver;
  }

  /** Give up, or end what came of it, without waiting for anything. */
  leave(error: Error): void {
    this.#fail(error);
    this.#stream?.destroy(error);
    this.#driver.leave(undefined);
  }

  established(): void {
    const fault = this.#target.judge(this.#driver.connection.peerChain(), this.#target.node);
    if (fault === undefined) {
      this.#driver.keepAlive();
      return;
    }
    this.#driver.refuseCertificate(fault);
    this.#fail(certificateError(fault, this.#to));
  }

  progress(): void {
    if (this.#stream) this.#stream.progress();
    else if (!this.#settled && this.#makeVisible()) this.#open();
  }

  ended(ending: StreamEnding): void {
    if (this.#stream) this.#stream.ended(ending);
    else this.#fail(endingError(ending, this.#to));
  }

  released(): void {
    this.#socket.close();
    this.#events.released();
  }

  get #to(): string {
    return `${this.#target.node}:${this.#target.service}`;
  }

  /** @returns whether the first byte is out, and the far end has answered if we wait for that. */
  #makeVisible(): boolean {
    if (!this.#isVisible) this.#sendFirstByte();
    return this.#isVisible && (!this.#target.confirm || this.#driver.received > this.#receivedBefore);
  }

  #sendFirstByte(): void {
    try {
      this.#isVisible = this.#driver.connection.streamSend(onlyStream, firstByte, false) === 1;
      this.#receivedBefore = this.#driver.received;
    } catch (error) {
      if (!(error instanceof QuicStreamEnded)) throw error;
      this.#driver.close();
      const ending = { kind: "closed", by: "peer", level: "application", reason: "it takes no streams" } as const;
      this.#fail(endingError({ ...ending, code: error.code }, this.#to));
    }
  }

  #open(): void {
    const { node, service } = this.#target;
    const lingerMs = this.#driver.limits.dialerLingerMs;
    const place = { remoteNode: node, remoteService: service, lingerMs, isCloseAnEnd: true };
    this.#stream = new QuicStream(this.#driver, place);
    this.#settled = true;
    this.#events.opened(this.#stream);
  }

  #fail(error: Error): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#events.failed(error);
  }

  /** Only this one problem, and only of the very place we talk to, ends a connection (spec §3.8). */
  #unreachable({ toNode, toService, problem }: UnreachableReport): void {
    const { node, service } = this.#target;
    if (problem === "service unknown" && toNode === node && toService === service)
      this.#driver.abandon({ kind: "no service" });
  }
}
