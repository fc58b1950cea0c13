import { randomBytes } from "node:crypto";
import { type Clock, type Log, silentLog, systemClock } from "#core";
import { MeshError } from "../../errors.ts";
import type { Session } from "../backend.ts";
import { type DialerBackend, type RedialOptions, redialling } from "../redial.ts";
import { Broker, type BrokerChannel, type BrokerSettings } from "./broker.ts";
import { parseBrokerAddress } from "./broker-address.ts";
import { QueueCarrier } from "./queue-carrier.ts";
import { announceQueue, encodeLinkRequest, linkQueues } from "./queues.ts";

/** What both ends of the links at a broker are told. */
export interface AmqpSettings extends BrokerSettings {
  /** What the names of the queues begin with. Default `farhand`. */
  readonly prefix?: string | undefined;
  /** A neighbour that was silent for so long is gone, milliseconds. Default 60 s. */
  readonly silenceMs?: number | undefined;
}

/** An `amqp-peer`. */
export interface AmqpPeerSettings extends AmqpSettings {
  /** Node id of the `amqp-listener`. */
  readonly hub: string;
}

/** Dials a node behind a broker. @throws {MeshError} `DIAL_FAILED` for an address that is none. */
export function amqpPeer(settings: AmqpPeerSettings, options: RedialOptions = {}): DialerBackend {
  const description = `amqp-peer ${parseBrokerAddress(settings.url).shown} to ${settings.hub}`;
  const { clock = systemClock, log = silentLog } = options;
  const dial = async (signal: AbortSignal): Promise<Session> => await openLink(settings, clock, log, signal);
  return redialling({ description, dial }, options);
}

async function openLink(settings: AmqpPeerSettings, clock: Clock, log: Log, signal: AbortSignal): Promise<Session> {
  const { hub, prefix = "farhand", silenceMs = 60_000 } = settings;
  const link = randomBytes(16).toString("hex");
  const queues = linkQueues(prefix, hub, link);
  const broker = new Broker(settings);
  // The first channel shows whether the broker takes us; the carrier gets its own as it needs them.
  const asking = await firstChannel(broker, signal);
  const carrier = new QueueCarrier({
    description: `amqp ${broker.address.shown} to ${hub}`,
    broker,
    incoming: queues.down,
    outgoing: queues.up,
    silenceMs,
    clock,
    log,
  });
  const done = carrier.run().then(() => broker.close());
  try {
    await askForLink(asking, announceQueue(prefix, hub), link, hub);
    void asking.close();
    await unlessOver(carrier, signal);
    return carrier.session;
  } catch (error) {
    await asking.close();
    carrier.session.end(new MeshError("DIAL_FAILED", "the dial was given up"));
    await done;
    throw error;
  }
}

async function firstChannel(broker: Broker, signal: AbortSignal): Promise<BrokerChannel> {
  try {
    return await broker.channel(signal);
  } catch (error) {
    await broker.close();
    throw error;
  }
}

/** @throws {MeshError} `DIAL_FAILED` when no such node listens, or it has too many requests already. */
async function askForLink(channel: BrokerChannel, announce: string, link: string, hub: string): Promise<void> {
  let isHeard = true;
  channel.whenGone(() => {
    isHeard = false;
  });
  const published = await channel.publish(announce, encodeLinkRequest({ link }));
  // The broker hands a message back before it confirms it, but the library tells of it in the next turn.
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  if (published === "confirmed" && isHeard) return;
  throw new MeshError("DIAL_FAILED", `node ${hub} does not listen at this broker`);
}

/** Wait until the hub is heard. @throws {MeshError} why the link came to nothing; the reason of the signal. */
async function unlessOver({ heard, session }: QueueCarrier, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    void heard.then(resolve);
    void session.closed.then((why) => reject(why ?? new MeshError("DIAL_FAILED", "the far end closed at once")));
  });
}
