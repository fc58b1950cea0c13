import { type Clock, errorText, type Log, silentLog, systemClock } from "#core";
import { MeshError } from "../../errors.ts";
import type { Backend, OpenBackend, Session } from "../backend.ts";
import { Patience, redialTimes } from "../patience.ts";
import { SparingLog } from "../sparing-log.ts";
import { Trouble } from "../trouble.ts";
import { Broker, type BrokerChannel } from "./broker.ts";
import { parseBrokerAddress } from "./broker-address.ts";
import type { AmqpSettings } from "./peer.ts";
import { QueueCarrier } from "./queue-carrier.ts";
import { announceBounds, announceQueue, decodeLinkRequest, linkQueues } from "./queues.ts";

/** An `amqp-listener`. */
export interface AmqpListenerSettings extends AmqpSettings {
  /** This node's id: dialers ask for it. */
  readonly nodeId: string;
  /** Links at once. Default 12,000. */
  readonly maxLinks?: number | undefined;
}

/** How long a link may take until its dialer is heard, milliseconds. */
const quietLinkMs = 15_000;
/** A start waits so long for the broker, milliseconds; from then on it is tried behind. */
const firstTryMs = 2_000;
const requestsAtOnce = 32;

/**
 * The road for workers that reach nothing but a message broker (docs/wire/amqp-backend.md). The broker may
 * come and go: without it the listener waits, and says so.
 *
 * @throws {MeshError} `DIAL_FAILED` for an address that is none.
 */
export function amqpListener(
  settings: AmqpListenerSettings,
  log: Log = silentLog,
  clock: Clock = systemClock,
): Backend {
  const description = `amqp-listener ${parseBrokerAddress(settings.url).shown} as ${settings.nodeId}`;
  return {
    description,
    start: async (accept) => {
      const hub = new Hub(settings, description, accept, log, clock);
      await hub.begin();
      return hub;
    },
  };
}

/** One `start` of a listener. */
class Hub implements OpenBackend {
  readonly addresses: readonly string[];
  readonly #settings: AmqpListenerSettings;
  readonly #description: string;
  readonly #accept: (session: Session) => void;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #refusals: SparingLog;
  readonly #trouble: Trouble;
  readonly #patience = new Patience({ ...redialTimes, maxMs: redialTimes.baseMs }, Math.random);
  #broker: Broker;
  /** The broker has taken us; from then on its library brings lost connections back. */
  #wasTaken = false;
  readonly #announce: string;
  readonly #links = new Map<string, { readonly session: Session; readonly done: Promise<void> }>();
  readonly #stop = new AbortController();
  #listening: Promise<void> = Promise.resolve();

  constructor(
    settings: AmqpListenerSettings,
    description: string,
    accept: (session: Session) => void,
    log: Log,
    clock: Clock,
  ) {
    this.#settings = settings;
    this.#description = description;
    this.#accept = accept;
    this.#log = log;
    this.#clock = clock;
    this.#refusals = new SparingLog(log);
    this.#trouble = new Trouble(description, log, clock);
    this.#broker = new Broker(settings);
    this.#announce = announceQueue(this.#prefix, settings.nodeId);
    this.addresses = [`${this.#broker.address.shown} ${this.#announce}`];
  }

  get problem(): string | undefined {
    return this.#trouble.text;
  }

  /** @throws {TlsProfileError} */
  async begin(): Promise<void> {
    this.#broker.checkProfile();
    const over = new AbortController();
    this.#listening = this.#keepListening(() => over.abort());
    await this.#clock.sleep(firstTryMs, over.signal).catch(() => {});
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#listening;
    const links = [...this.#links.values()];
    for (const { session } of links) session.close();
    await Promise.all(links.map(({ done }) => done));
    await this.#broker.close();
  }

  get #prefix(): string {
    return this.#settings.prefix ?? "farhand";
  }

  /** @param tried hears that a first try is over. */
  async #keepListening(tried: () => void): Promise<void> {
    const { signal } = this.#stop;
    const stopped = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    while (!signal.aborted) {
      try {
        const channel = await this.#listen(signal);
        this.#listens();
        tried();
        const why = await Promise.race([channel.lost, stopped]);
        await channel.close();
        if (why && !signal.aborted) this.#trouble.note(why);
      } catch (error) {
        if (!signal.aborted) await this.#failed(error);
        tried();
      }
      await this.#clock.sleep(this.#patience.nextWait(), signal).catch(() => {});
    }
  }

  #listens(): void {
    this.#wasTaken = true;
    this.#patience.sessionEnded(Number.POSITIVE_INFINITY);
    if (this.#trouble.over()) this.#log.info(`${this.#description} listens`);
  }

  async #failed(error: unknown): Promise<void> {
    // What is said of a connection that was lost is why; of its return the library only says that it takes long.
    if (this.#wasTaken && this.#trouble.text !== undefined)
      return this.#log.debug(`${this.#description}: ${errorText(error)}`);
    this.#trouble.note(`cannot listen yet, which is tried again: ${errorText(error)}`);
    if (this.#wasTaken) return;
    // Of a connection that never was it says why only once.
    await this.#broker.close();
    this.#broker = new Broker(this.#settings);
  }

  async #listen(signal: AbortSignal): Promise<BrokerChannel> {
    const channel = await this.#broker.channel(signal);
    await channel.declare(this.#announce, announceBounds);
    // A queue that was removed is made again.
    channel.whenGone(() => void channel.close());
    await channel.consume(this.#announce, requestsAtOnce, (body) => this.#asked(body));
    return channel;
  }

  #asked(body: Buffer): void {
    const request = decodeLinkRequest(body);
    if (!request || this.#links.has(request.link) || this.#stop.signal.aborted) return;
    const { maxLinks = 12_000 } = this.#settings;
    if (this.#links.size >= maxLinks)
      return this.#refusals.warn(`${this.#description} turns a dialer away: it has ${maxLinks} links`);
    this.#open(request.link);
  }

  #open(link: string): void {
    const queues = linkQueues(this.#prefix, this.#settings.nodeId, link);
    const carrier = new QueueCarrier({
      description: `amqp ${this.#broker.address.shown} link ${link.slice(0, 8)}`,
      broker: this.#broker,
      incoming: queues.up,
      outgoing: queues.down,
      silenceMs: this.#settings.silenceMs ?? 60_000,
      clock: this.#clock,
      log: this.#log,
    });
    const { session } = carrier;
    const done = carrier.run().then(() => void this.#links.delete(link));
    this.#links.set(link, { session, done });
    const quiet = setTimeout(() => session.end(new MeshError("NO_CONNECTION", "its dialer gave up")), quietLinkMs);
    void session.closed.then(() => clearTimeout(quiet));
    void carrier.heard.then(() => {
      clearTimeout(quiet);
      if (!session.isOver) this.#accept(session);
    });
  }
}
