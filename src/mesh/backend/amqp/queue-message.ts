import { MeshError } from "../../errors.ts";
import { Broker } from "./broker.ts";

/** One message for a queue of somebody else's. */
export interface QueueMessage {
  /** `amqp://user:password@host:5672/vhost`. */
  readonly url: string;
  /** It is made, durable, unless it is there. */
  readonly queue: string;
  readonly body: Uint8Array;
}

/**
 * Put one message, without any property, into a queue of a broker, and let go of the broker.
 *
 * Resolves when the broker has said that it has it.
 *
 * @throws {MeshError} `DIAL_FAILED`: it is not known to be there. The reason of the signal.
 */
export async function sendToQueue({ url, queue, body }: QueueMessage, signal: AbortSignal): Promise<void> {
  const broker = new Broker({ url });
  try {
    const channel = await broker.channel(signal);
    await channel.declareOpen(queue);
    const published = await channel.publish(queue, Buffer.from(body));
    if (published !== "confirmed")
      throw new MeshError("DIAL_FAILED", `the broker ${broker.address.shown} did not take the message: ${published}`);
  } finally {
    await broker.close();
  }
}
