import { type Clock, errorText, type Log, silentLog, systemClock } from "#core";
import { MeshError } from "../../errors.ts";
import type { Backend, OpenBackend, Session } from "../backend.ts";
import { SparingLog } from "../sparing-log.ts";
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
const firstChannelMs = 15_000;
const retryMs = 200;
const requestsAtOnce = 32;

/**
 * The road for workers that reach nothing but a message broker (docs/wire/amqp-backend.md). It begins when the broker can
 * be reached; later the broker may go and come.
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
      await hub.open();
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
  readonly #broker: Broker;
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
    this.#broker = new Broker(settings);
    this.#announce = announceQueue(this.#prefix, settings.nodeId);
    this.addresses = [`${this.#broker.address.shown} ${this.#announce}`];
  }

  /** @throws {MeshError} `LISTEN_FAILED` when the broker cannot be reached or does not take us. */
  async open(): Promise<void> {
    try {
      const channel = await this.#listen(AbortSignal.any([this.#stop.signal, AbortSignal.timeout(firstChannelMs)]));
      this.#listening = this.#keepListening(channel);
    } catch (cause) {
      await this.#broker.close();
      throw new MeshError("LISTEN_FAILED", `${this.#description} cannot listen: ${errorText(cause)}`, { cause });
    }
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

  async #keepListening(first: BrokerChannel): Promise<void> {
    const { signal } = this.#stop;
    const stopped = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    for (let channel: BrokerChannel | undefined = first; !signal.aborted; channel = await this.#again()) {
      if (!channel) continue;
      const why = await Promise.race([channel.lost, stopped]);
      await channel.close();
      if (why) this.#log.debug(`${this.#description}: ${why}`);
    }
  }

  /** Listen again, in a moment; undefined when that fails. */
  async #again(): Promise<BrokerChannel | undefined> {
    const { signal } = this.#stop;
    await this.#clock.sleep(retryMs, signal).catch(() => {});
    return await this.#listen(signal).catch((error: unknown) => {
      if (!signal.aborted) this.#refusals.warn(`${this.#description} cannot listen now: ${errorText(error)}`);
      return undefined;
    });
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
