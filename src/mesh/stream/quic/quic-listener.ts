import { createHmac, randomBytes } from "node:crypto";
import { errorText, type Log } from "#core";
import type { DatagramSocket, OpenDatagrams, UnreachableReport } from "../datagrams.ts";
import { connectionIdBytes, type QuicEngine } from "./engine.ts";
import type { FarEnds } from "./far-ends.ts";
import { type DatagramHeader, readDatagramHeader, versionNegotiation } from "./datagram-header.ts";
import { IncomingConnection } from "./incoming-connection.ts";
import type { QuicLimits } from "./limits.ts";
import type { QuicStream } from "./quic-stream.ts";
import type { StreamSecurity } from "./stream-tls.ts";
import { Tally } from "./tally.ts";

/** What a listener stands on. */
export interface ListenContext {
  /** Resolves once there is an engine. */
  readonly engine: () => Promise<QuicEngine>;
  readonly openDatagrams: OpenDatagrams;
  readonly limits: QuicLimits;
  readonly log: Log;
  readonly farEnds: FarEnds;
  readonly tallies: ListenerTallies;
}

/** What counts connections: all, and those whose handshake is under way. */
export interface ListenerTallies {
  readonly all: Tally;
  readonly shaking: Tally;
}

/** Nothing counted yet. */
export function talliesOf(limits: QuicLimits): ListenerTallies {
  return {
    all: new Tally(limits.connections, limits.connectionsPerNode),
    shaking: new Tally(limits.handshakes, limits.handshakesPerNode),
  };
}

/** A datagram with where it came from. */
interface Arrival {
  readonly datagram: Uint8Array;
  readonly node: string;
  readonly service: string;
}

/** The least a datagram that begins a connection must have, bytes (RFC 9000 §14.1). */
const initialBytes = 1200;
/** The least connection id such a datagram names us by (RFC 9000 §7.2). */
const firstIdBytes = 8;
/** Datagrams kept until engine and certificate are there: what the first dialers send in some 200 ms. */
const arrivalsBeforeReady = 64;

/** One service: one datagram socket, and on it any number of connections, told apart by their ids. */
export class QuicListener {
  readonly #socket: DatagramSocket;
  readonly #engineOf: ListenContext["engine"];
  readonly #limits: QuicLimits;
  readonly #log: Log;
  readonly #security: StreamSecurity;
  readonly #accept: (stream: QuicStream) => void;
  readonly #byId = new Map<string, IncomingConnection>();
  readonly #connections = new Set<IncomingConnection>();
  readonly #all: Tally;
  readonly #shaking: Tally;
  readonly #farEnds: FarEnds;
  /** Makes reset tokens out of connection ids, so that none need be remembered. */
  readonly #resetKey = randomBytes(32);
  #engine: QuicEngine | undefined;
  readonly #early: Arrival[] = [];
  #saidWhy = false;
  #closed = false;

  constructor(context: ListenContext, service: string, security: StreamSecurity, accept: (stream: QuicStream) => void) {
    const { openDatagrams, limits, log, tallies, farEnds } = context;
    this.#engineOf = context.engine;
    this.#limits = limits;
    this.#log = log;
    this.#security = security;
    this.#accept = accept;
    this.#all = tallies.all;
    this.#shaking = tallies.shaking;
    this.#farEnds = farEnds;
    this.#socket = openDatagrams(service, {
      received: (datagram, node, service) => this.#received({ datagram, node, service }),
      unreachable: (report) => this.#unreachable(report),
    });
  }

  /** Turn everybody away, and free the service's name. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const connection of this.#connections) connection.leave();
    this.#socket.close();
  }

  #received(arrival: Arrival): void {
    if (this.#closed) return;
    if (this.#engine) this.#sort(arrival, this.#engine);
    else if (this.#early.push(arrival) === 1) void this.#prepare();
    else if (this.#early.length > arrivalsBeforeReady) this.#early.pop();
  }

  /** Engine and certificate are made for the first that comes: most nodes wait long, and some for ever. */
  async #prepare(): Promise<void> {
    try {
      const [engine] = await Promise.all([this.#engineOf(), this.#security.ready()]);
      this.#engine = engine;
    } catch (error) {
      // Said once: whoever sends us datagrams must not fill our log.
      if (!this.#saidWhy) this.#log.error(`no streams for service ${this.#socket.service}: ${errorText(error)}`);
      this.#saidWhy = true;
    }
    for (const arrival of this.#early.splice(0)) if (this.#engine) this.#received(arrival);
  }

  #sort(arrival: Arrival, engine: QuicEngine): void {
    const header = readDatagramHeader(arrival.datagram);
    if (!header) return;
    const known = this.#byId.get(header.destinationId);
    // A connection keeps its place: what comes from elsewhere under its id is forged.
    if (known?.isOf(arrival.node, arrival.service)) known.driver.receive(arrival.datagram);
    else if (known) return;
    else if (header.kind === "short") this.#reset(arrival, header.destinationId);
    else if (arrival.datagram.length >= initialBytes) this.#begin(arrival, header, engine);
  }

  #begin(arrival: Arrival, header: DatagramHeader & { kind: "long" }, engine: QuicEngine): void {
    const { node, service, datagram } = arrival;
    if (!engine.versions.includes(header.version)) {
      // Version 0 is itself an answer of this kind.
      if (header.version !== 0) this.#answer(arrival, versionNegotiation(header, engine.versions));
      return;
    }
    if (!header.isInitial || header.destinationId.length < firstIdBytes) return;
    if (!this.#all.hasRoom(node) || !this.#shaking.hasRoom(node)) {
      this.#log.debug(`dropped a stream from ${node}:${service}: there are too many`);
      return;
    }
    this.#connect(arrival, header.destinationId, engine)?.driver.receive(datagram);
  }

  #connect({ node, service }: Arrival, firstId: string, engine: QuicEngine): IncomingConnection | undefined {
    const profile = this.#security.profile();
    if (!profile) return undefined;
    const ourId = randomBytes(connectionIdBytes);
    const ids = [firstId, ourId.toString("latin1")];
    const context = { limits: this.#limits, log: this.#log, judge: this.#security.judge, accept: this.#accept };
    const transmit = (datagram: Uint8Array) => this.#socket.send(node, service, datagram);
    const events = {
      shaken: () => this.#shaking.remove(node),
      released: () => {
        this.#all.remove(node);
        this.#connections.delete(connection);
        this.#farEnds.remove(node, connection.driver);
        for (const id of ids) this.#byId.delete(id);
      },
    };
    const quic = engine.accept(profile, ourId, this.#resetToken(ids[1] ?? ""));
    const connection = new IncomingConnection(quic, { node, service, transmit }, context, events);
    this.#all.add(node);
    this.#shaking.add(node);
    this.#connections.add(connection);
    this.#farEnds.add(node, connection.driver);
    for (const id of ids) this.#byId.set(id, connection);
    return connection;
  }

  /** Tell the far end that we do not know its connection (RFC 9000 §10.3), if our answer can be shorter than its datagram. */
  #reset(arrival: Arrival, id: string): void {
    if (arrival.datagram.length <= resetBytes) return;
    const noise = randomBytes(resetBytes - resetTokenBytes);
    noise[0] = 0x40 | ((noise[0] ?? 0) & 0x3f);
    this.#answer(arrival, Buffer.concat([noise, this.#resetToken(id)]));
  }

  #resetToken(id: string): Uint8Array {
    return createHmac("sha256", this.#resetKey).update(id, "latin1").digest().subarray(0, resetTokenBytes);
  }

  #answer({ node, service }: Arrival, datagram: Uint8Array): void {
    try {
      this.#socket.send(node, service, datagram);
    } catch (error) {
      this.#log.debug(`could not answer ${node}:${service}: ${errorText(error)}`);
    }
  }

  #unreachable({ toNode, toService, problem }: UnreachableReport): void {
    if (problem !== "service unknown") return;
    for (const connection of this.#connections) connection.goneAt(toNode, toService);
  }
}

const resetTokenBytes = 16;
/** Looks like the shortest datagram a connection may send, so that nobody on the way knows it for what it is. */
const resetBytes = 41;
