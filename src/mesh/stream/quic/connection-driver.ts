import { errorText } from "#core";
import { MeshError } from "../../errors.ts";
import type { QuicConnection } from "./engine.ts";
import { LastWords } from "./last-words.ts";
import type { QuicLimits } from "./limits.ts";
import { MemorySlab } from "./memory-slab.ts";
import { badCertificate, closeCodes, normalClose, type StreamEnding } from "./stream-endings.ts";

/** What a driver tells its owner, in turns of its own: never inside a call, but for `abandon` and `leave`. */
export interface DriverEvents {
  /** The handshake is over; nothing was sent since. */
  established(): void;
  /** Something came or time passed: there may be bytes to read, or room to write. */
  progress(): void;
  /** The connection is over for its streams. What had come before can still be read. Called once. */
  ended(ending: StreamEnding): void;
  /** Nothing more is sent or expected: forget the driver. Called once, after {@link ended}. */
  released(): void;
}

/**
 * A connection that is over answers late datagrams of the far end for so long at most, milliseconds. The standard's time
 * is three times what an answer takes, which a slow handshake makes very long.
 */
const closingMs = 1000;

/** Datagrams sent in one turn, so that one fast connection neither starves others nor hoards the engine's memory. */
const datagramsPerTurn = 64;

/**
 * What came to a connection at rest is acknowledged with the next thing said, or after so long, milliseconds: mostly there is
 * an answer to it, and one datagram goes out where there were two. RFC 9000 §13.2.1 allows 25, and asks for an answer to
 * every second datagram (§13.2.2).
 */
const ackDelayMs = 10;

/**
 * A connection is at rest when nothing came for so long, milliseconds; more than a round trip takes. Within a transfer each
 * acknowledgement is said at once, and what it makes room for is sent at once: the far end waits for nothing else.
 */
const restMs = 1000;

/** What an engine sends at most when nothing is answered in time. */
const probesPerTurn = 2;

/** A dialer that is heard by nobody looks so often, within the time of a sign of life, before it gives one. */
const quietLooksBeforePing = 3;

/** Pauses between attempts to be heard over another way: nodes on it, and the far end, may learn of it later than we. */
const againMs = [500, 1000, 2000, 4000];

/** Shared by all connections. */
const sendSlab = new MemorySlab(512 * 1024);

/**
 * Turns the wheel of one connection: what came in goes to the engine at once; its answers go out together in the next
 * turn of the event loop, and one timer waits for the engine's next deadline.
 */
export class ConnectionDriver {
  readonly connection: QuicConnection;
  readonly limits: QuicLimits;
  readonly #transmit: (datagram: Uint8Array) => void;
  readonly #events: DriverEvents;
  readonly #lastWords = new LastWords();
  #received = 0;
  /** Something came since we last spoke. */
  #owesAnswer = false;
  /** We have said something since the far end did. */
  #isUnanswered = false;
  /** What is sent next, the engine sends because its time has come. */
  #isOverdue = false;
  #turnDue = false;
  /** There may be more to say than that something came. */
  #hasToSay = false;
  /** Datagrams that came since we last sent. */
  #unsaid = 0;
  /** When the last one came, on the clock of `performance.now()`. */
  #cameAt = Number.NEGATIVE_INFINITY;
  /** It was the first for a while. */
  #brokeRest = false;
  #established = false;
  #ending: StreamEnding | undefined;
  #released = false;
  #lastFault: string | undefined;
  #ackTimer: NodeJS.Timeout | undefined;
  #timer: NodeJS.Timeout | undefined;
  #timerDue = 0;
  #handshakeTimer: NodeJS.Timeout | undefined;
  #keepAliveTimer: NodeJS.Timeout | undefined;
  #closingTimer: NodeJS.Timeout | undefined;
  #probeTimer: NodeJS.Timeout | undefined;
  #againTimer: NodeJS.Timeout | undefined;

  /** `transmit` may throw what {@link DatagramSocket.send} throws. */
  constructor(
    connection: QuicConnection,
    transmit: (datagram: Uint8Array) => void,
    limits: QuicLimits,
    events: DriverEvents,
  ) {
    this.connection = connection;
    this.limits = limits;
    this.#transmit = transmit;
    this.#events = events;
    const giveUp = () => this.abandon({ kind: "unanswered", lastFault: this.#lastFault });
    this.#handshakeTimer = setTimeout(giveUp, limits.handshakeMs);
    this.wake();
  }

  /** Datagrams that came so far. */
  get received(): number {
    return this.#received;
  }

  /** Set once the connection is over for its streams. */
  get ending(): StreamEnding | undefined {
    return this.#ending;
  }

  /** As dialer: let hear from us now and then (spec §4.2), unless there is news of the far end anyway, as of heartbeats. */
  keepAlive(): void {
    let [known, quietLooks] = [0, 0];
    this.#keepAliveTimer ??= setInterval(() => {
      const { packetsReceived } = this.connection;
      quietLooks = packetsReceived === known ? quietLooks + 1 : 0;
      known = packetsReceived;
      if (quietLooks < quietLooksBeforePing) return;
      quietLooks = 0;
      this.connection.ping();
      this.wake();
    }, this.limits.keepAliveMs / quietLooksBeforePing);
  }

  /** The far end may not know the connection any more: unless it answers soon, that is over. */
  probe(): void {
    if (this.#probeTimer || this.#ending || this.#released) return;
    const before = this.connection.packetsReceived;
    this.#probeTimer = setTimeout(() => {
      this.#probeTimer = undefined;
      if (this.connection.packetsReceived === before) this.abandon({ kind: "forgotten" });
    }, this.limits.probeMs);
    this.#sayAgain(0);
  }

  /** The way to the far end is another than before: what was lost on the old one is said again, until it is heard. */
  sayAgain(): void {
    if (this.#ending || this.#released || !(this.#isUnanswered || this.#lastWords.isStuck)) return;
    clearTimeout(this.#againTimer);
    this.#keepSaying(0);
  }

  /** Take a datagram of this connection. The memory is altered. */
  receive(datagram: Uint8Array): void {
    if (this.#released) return;
    this.#received++;
    this.#isUnanswered = false;
    this.#owesAnswer = true;
    this.#unsaid++;
    const now = performance.now();
    this.#brokeRest = now - this.#cameAt > restMs;
    this.#cameAt = now;
    this.connection.receive(datagram);
    this.#schedule();
  }

  /** Look for something to send, and to tell, in the next turn. */
  wake(): void {
    this.#hasToSay = true;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#turnDue || this.#released) return;
    this.#turnDue = true;
    setImmediate(this.#turn);
  }

  /** Both ends have what they wanted (spec §4.4). */
  close(): void {
    this.#close("application", closeCodes.normal, normalClose);
  }

  /** What we sent is not whole, and never will be. */
  breakOff(): void {
    this.#close("application", closeCodes.brokenOff, "broken off");
  }

  /** Turn the far end away, as a listener (spec §4.4). */
  refuse(reason: string): void {
    this.#close("application", closeCodes.listenerRefuses, reason);
  }

  /** Turn the far end away for its certificate. */
  refuseCertificate(reason: string): void {
    this.#close("transport", badCertificate, reason);
  }

  /** Let go of it at once, without a word to the far end. */
  abandon(ending: StreamEnding): void {
    if (this.#released) return;
    this.#end(ending);
    this.#release();
  }

  /** As `close()` or `refuse()`, and let go at once: the far end is told once, and not told again if that is lost. */
  leave(reason: string | undefined): void {
    if (this.#released) return;
    if (reason === undefined) this.close();
    else this.refuse(reason);
    this.#sendSome();
    this.abandon({ kind: "shutdown" });
  }

  #keepSaying(time: number): void {
    const before = this.connection.packetsReceived;
    this.#sayAgain(time);
    const pauseMs = againMs[time];
    if (pauseMs === undefined || this.#released) return;
    this.#againTimer = setTimeout(() => {
      const isHeard = this.connection.packetsReceived > before && !this.#lastWords.isStuck;
      if (!isHeard && !this.#ending) this.#keepSaying(time + 1);
    }, pauseMs);
  }

  #sayAgain(time: number): void {
    for (const datagram of this.#lastWords.again(time)) if (!this.#released) this.#transmitOne(datagram);
    this.connection.ping();
    this.wake();
  }

  #close(by: "application" | "transport", code: number, reason: string): void {
    if (this.#released) return;
    this.connection.close(by, code, reason);
    this.wake();
  }

  readonly #turn = (): void => {
    // What the owner does now is sent in this turn: it needs no other.
    if (!this.#released) this.#look();
    this.#turnDue = false;
    if (this.#released) return;
    if (this.#mayWait) return this.#ackSoon();
    const isMore = this.#sendSome();
    // Sending can end a connection too: the own node may have no such service.
    if (this.#released) return;
    if (this.connection.isClosed) this.abandon(this.connection.ending ?? { kind: "idle" });
    else if (isMore || this.connection.takesFin) this.wake();
    else this.#arm();
  };

  /** All there is to say is that one datagram came, after a while of rest. */
  get #mayWait(): boolean {
    if (!this.#brokeRest || this.#hasToSay || this.#isOverdue || this.#unsaid > 1 || !this.#established || this.#ending)
      return false;
    return this.connection.isResting && !this.connection.isClosed;
  }

  #ackSoon(): void {
    this.#ackTimer ??= setTimeout(() => this.wake(), ackDelayMs);
    this.#arm();
  }

  /** Tell the owner what the engine has for it. */
  #look(): void {
    if (!this.#established && this.connection.isEstablished) {
      this.#established = true;
      clearTimeout(this.#handshakeTimer);
      this.#events.established();
    }
    const ending = this.connection.ending;
    if (ending) this.#end(ending);
    else if (this.#established) this.#events.progress();
  }

  #end(ending: StreamEnding): void {
    if (this.#ending) return;
    this.#ending = ending;
    clearTimeout(this.#handshakeTimer);
    clearInterval(this.#keepAliveTimer);
    clearTimeout(this.#againTimer);
    this.#closingTimer = setTimeout(() => this.#release(), closingMs);
    this.#events.ended(ending);
  }

  /** @returns whether there may be more to send. */
  #sendSome(): boolean {
    const probes = this.#isOverdue ? probesPerTurn : 0;
    this.#isOverdue = this.#hasToSay = false;
    this.#unsaid = 0;
    clearTimeout(this.#ackTimer);
    this.#ackTimer = undefined;
    for (let sent = 0, last: Uint8Array | undefined; sent < datagramsPerTurn; sent++) {
      const length = this.connection.send(sendSlab.room(this.limits.maxDatagramBytes));
      if (length === 0) {
        if (last && this.#owesAnswer) this.#lastWords.keepAnswer(last);
        if (last) this.#owesAnswer = false;
        return false;
      }
      last = sendSlab.take(length);
      if (sent < probes) this.#lastWords.keepProbe(last);
      // More than an answer, and no deadline asked for it: the engine is free to speak.
      else if (sent > 0 && probes === 0) this.#lastWords.dropProbes();
      this.#transmitOne(last);
      if (this.#released) return false;
    }
    return true;
  }

  #transmitOne(datagram: Uint8Array): void {
    this.#isUnanswered = true;
    try {
      this.#transmit(datagram);
      this.#lastFault = undefined;
    } catch (error) {
      if (!(error instanceof MeshError)) throw error;
      if (error.code === "SERVICE_UNKNOWN") this.abandon({ kind: "no service" });
      // Anything else may pass: a route that is away for a moment must not end a stream. It is a datagram lost.
      else this.#lastFault = errorText(error);
    }
  }

  /** Have the engine's deadline wake us. A timer that is due earlier anyway is left alone. */
  #arm(): void {
    const ms = this.connection.timeout();
    if (ms === undefined) return;
    const due = performance.now() + ms;
    if (this.#timer && this.#timerDue <= due) return;
    clearTimeout(this.#timer);
    this.#timerDue = due;
    // The engine counts in finer steps than it tells: a millisecond later the deadline has passed for sure.
    this.#timer = setTimeout(this.#onTimer, ms + 1);
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    this.#isOverdue = true;
    this.connection.onTimeout();
    this.wake();
  };

  #release(): void {
    this.#released = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#ackTimer);
    clearTimeout(this.#closingTimer);
    clearTimeout(this.#probeTimer);
    this.#events.released();
  }
}
