import { type Clock, errorText, type Log } from "#core";
import { MeshError } from "../../errors.ts";
import { decodeBatch, encodeBatch, maxBatchBytes } from "../numbered/batch.ts";
import { NumberedSession } from "../numbered/session.ts";
import type { Broker, BrokerChannel } from "./broker.ts";
import { linkBounds } from "./queues.ts";

/** Batches the broker sends us ahead of what we have taken, and those we send it ahead of its confirmations. */
const prefetch = 16;
const maxUnconfirmed = 16;
/** An acknowledgement waits so long for a message to go with, milliseconds, or for so many bytes to have come. */
const ackDelayMs = 10;
const ackBytes = 256 * 1024;
/** Between two tries to have a channel, milliseconds. */
const retryMs = 200;

/** A link as its carrier sees it. */
export interface Carriage {
  readonly description: string;
  readonly broker: Broker;
  readonly incoming: string;
  readonly outgoing: string;
  /** A far end that was silent for so long is gone, milliseconds. */
  readonly silenceMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Carries a session by a pair of queues. A channel that breaks is replaced, and what the far end has not acknowledged is
 * sent again: so the session survives a broken connection, and a broker that starts again even with empty queues.
 */
export class QueueCarrier {
  readonly session: NumberedSession;
  /** Resolves when the far end was heard for the first time. */
  readonly heard: Promise<void>;
  readonly #carriage: Carriage;
  readonly #over = new AbortController();
  #tellHeard: () => void = () => {};
  #channel: BrokerChannel | undefined;
  #unconfirmed = 0;
  #heardAt: number;
  #sentAt: number;
  #bytesSinceAck = 0;
  #ackTimer: NodeJS.Timeout | undefined;
  #willFlush = false;

  constructor(carriage: Carriage) {
    this.#carriage = carriage;
    this.heard = new Promise((resolve) => {
      this.#tellHeard = resolve;
    });
    this.#heardAt = this.#sentAt = carriage.clock.elapsed();
    this.session = new NumberedSession({ description: carriage.description, changed: () => this.#changed() });
  }

  /** Carry until the session is over and what it used is freed. Never rejects. */
  async run(): Promise<void> {
    const watch = setInterval(() => this.#watch(), this.#carriage.silenceMs / 8);
    while (!this.session.isOver) {
      await this.#carry().catch((error: unknown) => {
        if (!this.session.isOver) this.#carriage.log.debug(`${this.session.description}: ${errorText(error)}`);
      });
      await this.#carriage.clock.sleep(retryMs, this.#over.signal).catch(() => {});
    }
    clearInterval(watch);
    this.#cancelAck();
    await this.#leave();
  }

  /** Carry over one channel, as long as that and the session live. */
  async #carry(): Promise<void> {
    const { broker, incoming, outgoing, log } = this.#carriage;
    const channel = await broker.channel(this.#over.signal);
    channel.whenGone(() => this.#farEndGone());
    await channel.declare(incoming, linkBounds);
    await channel.declare(outgoing, linkBounds);
    await channel.consume(incoming, prefetch, (body) => this.#take(body));
    this.#channel = channel;
    this.#unconfirmed = 0;
    this.session.rewind();
    // Even with nothing in it: the far end hears that we are here.
    this.#flush(true);
    const why = await Promise.race([channel.lost, this.session.closed]);
    if (this.session.isOver) return;
    this.#channel = undefined;
    log.debug(`${this.session.description}: ${errorText(why)}`);
  }

  /** The far end needs the queues no more when it has said so, and shall notice when it has not. */
  async #leave(): Promise<void> {
    const channel = this.#channel;
    this.#channel = undefined;
    if (!channel) return;
    // After our own orderly end the far end still has to read it. The broker clears them away in time.
    if (!this.session.isClosing) await channel.delete([this.#carriage.incoming, this.#carriage.outgoing]);
    await channel.close();
  }

  #take(body: Buffer): void {
    if (this.session.isOver) return;
    this.#heardAt = this.#carriage.clock.elapsed();
    this.#bytesSinceAck += body.length;
    try {
      this.session.receive(decodeBatch(body));
    } catch (error) {
      if (!(error instanceof MeshError)) throw error;
      return this.session.end(error);
    }
    this.#tellHeard();
    if (!this.session.owesAck || this.session.isOver) return;
    if (this.#bytesSinceAck >= ackBytes) this.#flush(true);
    else this.#ackSoon();
  }

  #ackSoon(): void {
    this.#ackTimer ??= setTimeout(() => {
      this.#ackTimer = undefined;
      this.#flush(this.session.owesAck);
    }, ackDelayMs);
  }

  #cancelAck(): void {
    clearTimeout(this.#ackTimer);
    this.#ackTimer = undefined;
  }

  #changed(): void {
    if (this.session.isOver) return this.#over.abort();
    if (this.session.owesAck) this.#ackSoon();
    if (this.#willFlush) return;
    // What is sent in one turn goes in one batch.
    this.#willFlush = true;
    setImmediate(() => {
      this.#willFlush = false;
      this.#flush(false);
    });
  }

  /** @param evenEmpty send a batch also when no message waits. */
  #flush(evenEmpty: boolean): void {
    const channel = this.#channel;
    if (!channel || this.session.isOver) return;
    let must = evenEmpty;
    while ((must || this.session.hasUnsent) && this.#unconfirmed < maxUnconfirmed) {
      must = false;
      this.#publish(channel);
    }
  }

  #publish(channel: BrokerChannel): void {
    this.#cancelAck();
    const batch = this.session.take(maxBatchBytes);
    this.#bytesSinceAck = 0;
    this.#sentAt = this.#carriage.clock.elapsed();
    this.#unconfirmed++;
    void channel.publish(this.#carriage.outgoing, encodeBatch(batch)).then((published) => {
      if (this.#channel !== channel || published === "lost") return;
      this.#unconfirmed--;
      if (published === "refused") this.session.end(lost("its queue at the broker is full"));
      else if (batch.isLast) this.session.end();
      else this.#flush(this.session.owesAck && !this.#ackTimer);
    });
  }

  /** Its queue was removed: it is over there. */
  #farEndGone(): void {
    this.session.end(this.session.isClosing ? undefined : lost("its queues are gone from the broker"));
  }

  #watch(): void {
    const { clock, silenceMs } = this.#carriage;
    const now = clock.elapsed();
    if (now - this.#heardAt > silenceMs) this.session.end(lost("nothing was heard of it for too long"));
    else if (now - this.#sentAt > silenceMs / 4) this.#flush(true);
  }
}

function lost(why: string): MeshError {
  return new MeshError("NO_CONNECTION", `the neighbour is lost: ${why}`);
}
