import { checkServerIdentity, type ConnectionOptions } from "node:tls";
import { pinnedFault, systemCode, type TlsClientSource, TlsProfileError } from "#core";
import { type Channel, Connection } from "rabbitmq-client";
import { MeshError } from "../../errors.ts";
import { dialError } from "../dial-error.ts";
import { type BrokerAddress, parseBrokerAddress } from "./broker-address.ts";

/** How a broker is reached. */
export interface BrokerSettings {
  /** `amqp://user:password@host:5672/vhost`, or `amqps:` with TLS. It is never logged. */
  readonly url: string;
  /** For `amqps:`; without a profile the broker is verified against the well-known roots. */
  readonly tls?: TlsClientSource | undefined;
  /** Between two signs of life on an idle connection, seconds. Default 10. */
  readonly heartbeatSeconds?: number | undefined;
  /** One link takes one channel, or two while it is dialled. RabbitMQ itself allows 2047. Default 1000. */
  readonly channelsPerConnection?: number | undefined;
}

/** Bounds of a queue. Both ends declare it, so they must be the same in every version that shares queues. */
export interface QueueBounds {
  /** The queue goes away when nobody has used it for so long, milliseconds. */
  readonly "x-expires": number;
  /** What would go beyond is refused, and its publisher told. */
  readonly "x-max-length-bytes": number;
  readonly "x-overflow": "reject-publish";
  readonly "x-message-ttl"?: number;
}

/** What became of a message: `lost` says nothing about it, `refused` that the queue is full. */
export type Published = "confirmed" | "refused" | "lost";

const closeLimitMs = 2000;

/** A connection, and how many channels it has. */
interface Line {
  readonly connection: Connection;
  channels: number;
}

/** Connections to a broker: lost ones come back by themselves. The only file that knows rabbitmq-client. */
export class Broker {
  readonly address: BrokerAddress;
  readonly #settings: BrokerSettings;
  readonly #lines: Line[] = [];
  readonly #waiting = new Set<(why: unknown) => void>();

  /** @throws {MeshError} `DIAL_FAILED` for an address that is none. */
  constructor(settings: BrokerSettings) {
    this.#settings = settings;
    this.address = parseBrokerAddress(settings.url);
  }

  /**
   * A channel of its own, with publisher confirms. While the connection is lost it waits for the next.
   *
   * @throws {MeshError} `DIAL_FAILED`, `TLS_REFUSED`; TlsProfileError; the reason of the signal.
   */
  async channel(signal: AbortSignal): Promise<BrokerChannel> {
    signal.throwIfAborted();
    const line = this.#line();
    line.channels++;
    const acquired = this.#acquire(line.connection);
    try {
      return await this.#unlessFailed(acquired, signal);
    } catch (error) {
      line.channels--;
      // It may still come, and nobody waits for it any more.
      acquired.then((channel) => channel.close()).catch(() => {});
      throw signal.aborted ? error : this.#told(error);
    }
  }

  /** @throws {TlsProfileError} when the profile cannot be used. */
  checkProfile(): void {
    const { tls } = this.#settings;
    if (this.address.isTls && tls) tlsOptions(tls, this.address.host);
  }

  /** Close every connection. */
  async close(): Promise<void> {
    await Promise.all(
      this.#lines.splice(0).map(async ({ connection }) => {
        await within(closeLimitMs, connection.close());
        connection.unsafeDestroy();
      }),
    );
  }

  async #acquire(connection: Connection): Promise<BrokerChannel> {
    const channel = await connection.acquire({ emitErrorsFromChannel: true });
    const line = this.#lines.find((line) => line.connection === connection);
    channel.once("close", () => line && line.channels--);
    const wrapped = new BrokerChannel(channel, this.address);
    await channel.confirmSelect();
    return wrapped;
  }

  /** The first of: the promise, a failed connection, the signal. */
  async #unlessFailed<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
    return await new Promise<T>((resolve, reject) => {
      const settle = (act: () => void): void => {
        this.#waiting.delete(fail);
        signal.removeEventListener("abort", abort);
        act();
      };
      const fail = (why: unknown): void => settle(() => reject(why));
      const abort = (): void => fail(signal.reason);
      this.#waiting.add(fail);
      signal.addEventListener("abort", abort, { once: true });
      promise.then((value) => settle(() => resolve(value)), fail);
    });
  }

  #line(): Line {
    const { tls, heartbeatSeconds = 10, channelsPerConnection = 1000 } = this.#settings;
    const found = this.#lines.find(({ channels }) => channels < channelsPerConnection);
    if (found) return found;
    const { url, host, isTls } = this.address;
    const connection = new Connection({
      url,
      connectionName: "farhand",
      acquireTimeout: 15_000,
      heartbeat: heartbeatSeconds,
      retryLow: 200,
      retryHigh: 3000,
      noDelay: true,
      ...(isTls && tls ? { tls: tlsOptions(tls, host) } : {}),
    });
    // Said of the first try only; after a loss the channels tell, and the connection comes back.
    connection.on("error", (error: unknown) => {
      for (const fail of this.#waiting) fail(error);
    });
    const line = { connection, channels: 0 };
    this.#lines.push(line);
    return line;
  }

  /** What went wrong, without the password, and without a cause that could hold it. */
  #told(error: unknown): Error {
    const told = dialError(error);
    if (told instanceof TlsProfileError) return told;
    const code = told instanceof MeshError ? told.code : "DIAL_FAILED";
    const hungUp = systemCode(error) === "CONN_CLOSE" && !this.address.isTls ? ": does it want TLS (amqps://)?" : "";
    return new MeshError(code, this.address.scrub(told) + hungUp);
  }
}

/** One conversation with a broker; lost with its connection. */
export class BrokerChannel {
  /** Resolves when the channel is over, with why: the connection broke, or the broker refused something. */
  readonly lost: Promise<string>;
  readonly #channel: Channel;
  readonly #gone = new Set<() => void>();

  constructor(channel: Channel, { scrub }: BrokerAddress) {
    this.#channel = channel;
    let why = "the connection to the broker is lost";
    this.lost = new Promise((resolve) => channel.once("close", () => resolve(why)));
    channel.on("error", (error: unknown) => {
      why = scrub(error);
    });
    const gone = (): void => {
      for (const hear of this.#gone) hear();
    };
    channel.on("basic.return", gone).on("basic.cancel", gone);
  }

  /** Hear that a queue which was published to, or consumed, does not exist any more. */
  whenGone(hear: () => void): void {
    this.#gone.add(hear);
  }

  /** Make a queue that survives the broker, unless it is there. */
  async declare(queue: string, bounds: QueueBounds): Promise<void> {
    await this.#channel.queueDeclare({ queue, durable: true, arguments: { ...bounds } });
  }

  /** The same of a queue without bounds, which is somebody else's. */
  async declareOpen(queue: string): Promise<void> {
    await this.#channel.queueDeclare({ queue, durable: true });
  }

  /** Get what is in the queue and what will be; at most `prefetch` messages are on their way at once. */
  async consume(queue: string, prefetch: number, take: (body: Buffer) => void): Promise<void> {
    await this.#channel.basicQos({ prefetchCount: prefetch });
    await this.#channel.basicConsume({ queue }, ({ body, deliveryTag }) => {
      // Anybody may publish: what says that it is text or JSON was turned into something else.
      take(Buffer.isBuffer(body) ? body : Buffer.alloc(0));
      if (this.#channel.active) this.#channel.basicAck({ deliveryTag });
    });
  }

  /** Put a message into a queue. Never rejects. */
  async publish(queue: string, body: Buffer): Promise<Published> {
    try {
      await this.#channel.basicPublish({ routingKey: queue, mandatory: true }, body);
      return "confirmed";
    } catch (error) {
      return (error as { code?: unknown }).code === "NACK" ? "refused" : "lost";
    }
  }

  /** Remove queues and what is in them. What cannot be removed goes by itself when it is not used. */
  async delete(queues: readonly string[]): Promise<void> {
    const all = Promise.all(queues.map((queue) => this.#channel.queueDelete({ queue })));
    await within(closeLimitMs, all);
  }

  async close(): Promise<void> {
    await within(closeLimitMs, this.#channel.close());
  }
}

/** Wait, but not for ever, and for failures no longer than for successes. */
async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([promise.catch(() => {}), limit]);
  clearTimeout(timer);
}

/** The library sends the password right after the handshake: whatever is checked must be checked inside it. */
function tlsOptions(source: TlsClientSource, host: string): ConnectionOptions {
  const options = source.options(host);
  const { pinnedServerCert: pins = [] } = source.profile;
  if (pins.length === 0) return options;
  if (options.rejectUnauthorized === false)
    throw new TlsProfileError("TLS_PROFILE_INVALID", "a pinned certificate of a broker must be verified, too");
  const check = options.checkServerIdentity ?? checkServerIdentity;
  return {
    ...options,
    checkServerIdentity: (name, certificate) => {
      const fault = pinnedFault(certificate.raw, pins);
      return check(name, certificate) ?? (fault === undefined ? undefined : new MeshError("TLS_REFUSED", fault));
    },
  };
}
