import { afterAll, beforeAll, describe } from "vitest";
import { amqpListener } from "../../src/mesh/backend/amqp/listener.ts";
import { amqpPeer } from "../../src/mesh/backend/amqp/peer.ts";
import { describeBackend } from "../../src/mesh/backend/conformance.ts";
import { maxNumberedMessageBytes } from "../../src/mesh/backend/numbered/batch.ts";
import { type Rabbitmq, rabbitmqServer, startRabbitmq } from "../kit/rabbitmq.ts";

const options = { times: { firstMs: [10, 20], baseMs: 50, maxMs: 100 } } as const;

describe.skipIf(rabbitmqServer === undefined)("amqp", () => {
  let broker: Rabbitmq;
  let count = 0;
  beforeAll(async () => {
    broker = await startRabbitmq();
  });
  afterAll(async () => await broker?.[Symbol.asyncDispose]());

  describeBackend(
    "amqp",
    async () => {
      const nodeId = `hub ${++count}`;
      return {
        listener: amqpListener({ url: broker.url, nodeId }),
        dialer: amqpPeer({ url: broker.url, hub: nodeId }, options),
        close: () => {},
      };
    },
    { reliable: true, maxMessageBytes: maxNumberedMessageBytes },
  );
});
