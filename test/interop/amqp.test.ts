import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { type AddressInfo, connect } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { setTimeout as sleep } from "node:timers/promises";
import { Connection } from "rabbitmq-client";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Log, type TlsClientProfile, tlsClientSource } from "#core";
import { type AmqpListenerSettings, amqpListener } from "../../src/mesh/backend/amqp/listener.ts";
import { amqpPeer } from "../../src/mesh/backend/amqp/peer.ts";
import { announceQueue, encodeLinkRequest, linkQueues } from "../../src/mesh/backend/amqp/queues.ts";
import type { OpenBackend } from "../../src/mesh/backend/backend.ts";
import { describeBackend } from "../kit/backend/conformance.ts";
import { eventually, type Link, Meeting } from "../kit/backend/conformance-link.ts";
import { maxNumberedMessageBytes } from "../../src/mesh/backend/numbered/batch.ts";
import { fingerprintOf, makeCertificates } from "../kit/certificates.ts";
import { type Cable, layCable, type Rabbitmq, rabbitmqServer, startRabbitmq } from "../kit/rabbitmq.ts";
import { checkTraffic } from "../kit/road-traffic.ts";
import { tempFolder } from "../kit/temp-folder.ts";

const options = { times: { firstMs: [10, 20], baseMs: 50, maxMs: 100 } } as const;

describe.skipIf(rabbitmqServer === undefined)("amqp", () => {
  let broker: Rabbitmq;
  let meeting: Meeting;
  let cable: Cable;
  let count = 0;

  beforeAll(async () => {
    broker = await startRabbitmq();
  });
  afterAll(async () => await broker?.[Symbol.asyncDispose]());
  beforeEach(async () => {
    count++;
    meeting = new Meeting();
    cable = await layCable(broker.port);
  });
  afterEach(async () => {
    await meeting.close();
    await cable[Symbol.asyncDispose]();
  });

  const nodeId = (): string => `hub ${count}`;
  const throughCable = (): string => `amqp://guest:guest@127.0.0.1:${cable.port}`;
  const listen = async (settings: Partial<AmqpListenerSettings> = {}): Promise<void> => {
    await meeting.listen(amqpListener({ url: broker.url, nodeId: nodeId(), ...settings }));
  };

  /** A link whose dialer reaches the broker by the cable. */
  async function meet(settings: Partial<AmqpListenerSettings> = {}): Promise<Link> {
    await listen(settings);
    const { silenceMs } = settings;
    await meeting.dial(amqpPeer({ url: throughCable(), hub: nodeId(), silenceMs }, options));
    return await meeting.link();
  }

  describeBackend(
    "amqp",
    async () => ({
      listener: amqpListener({ url: broker.url, nodeId: nodeId() }),
      dialer: amqpPeer({ url: broker.url, hub: nodeId() }, options),
      close: () => {},
    }),
    { reliable: true, maxMessageBytes: maxNumberedMessageBytes },
  );

  test("a session survives connections that break, and no message is lost or doubled", async () => {
    const { near, far } = await meet();
    const breakOften = async (): Promise<void> => {
      for (let time = 0; time < 5; time++) {
        await sleep(100);
        cable.cut();
      }
    };
    await checkTraffic(near, far, 2000, breakOften);
    await checkTraffic(far, near, 2000, breakOften);
  });

  test("a session survives a broker that is killed and started again, though its queues have lost everything", async () => {
    const { near, far } = await meet();
    const restart = async (): Promise<void> => {
      await sleep(100);
      await broker.stop("SIGKILL");
      await sleep(200);
      await broker.start();
    };
    await checkTraffic(near, far, 2000, restart);
    await checkTraffic(far, near, 2000);
  });

  test("a dialer that is cut off for long ends its session at both ends, and comes back when it can", async () => {
    const { near, far } = await meet({ silenceMs: 1000 });
    cable.cut(true);
    await eventually(() => near.endings.length > 0 && far.endings.length > 0, "the end of both");
    expect([near.endings[0], far.endings[0]]).toMatchObject([{ code: "NO_CONNECTION" }, { code: "NO_CONNECTION" }]);
    cable.mend();
    expect((await meeting.link()).near).not.toBe(near);
  });

  test("a listener that starts before its broker listens as soon as it can", async () => {
    await broker.stop();
    const { said, log } = listeningLog();
    await meeting.listen(amqpListener({ url: broker.url, nodeId: nodeId() }, log));
    await eventually(() => said.length > 0, "the warning");
    expect(said[0]).toContain("127.0.0.1");
    await broker.start();
    await meeting.dial(amqpPeer({ url: broker.url, hub: nodeId() }, options));
    const { near, far } = await meeting.link();
    await checkTraffic(near, far, 100);
    expect(said.at(-1)).toMatch(/ listens$/);
  });

  test("queues that somebody removes end the session, and the dialer comes back with others", async () => {
    const { near, far } = await meet();
    const queues = (await broker.queues()).filter((name) => name.includes(encodeURIComponent(nodeId())));
    expect(queues).toHaveLength(3);
    await withConnection(broker.url, async (rabbit) => {
      for (const queue of queues) await rabbit.queueDelete({ queue });
    });
    await eventually(() => near.endings.length > 0 && far.endings.length > 0, "the end of both");
    expect((await meeting.link()).near).not.toBe(near);
  });

  test("a link that was closed leaves no queues", async () => {
    const { near, far } = await meet();
    near.session.close();
    await eventually(() => far.endings.length > 0, "the end at the hub");
    await meeting.close();
    const left = (await broker.queues()).filter((name) => name.includes(encodeURIComponent(nodeId())));
    expect(left).toEqual([announceQueue("farhand", nodeId())]);
  });

  test("more links than one connection may have channels take further connections", async () => {
    await listen({ channelsPerConnection: 2 });
    const dialers = 5;
    for (let dialer = 0; dialer < dialers; dialer++)
      await meeting.dial(amqpPeer({ url: broker.url, hub: nodeId() }, options));
    expect(await meeting.links(dialers)).toHaveLength(dialers);
  });

  test("a dialer is told that nobody listens", async () => {
    const { said, log } = listeningLog();
    const peer = amqpPeer({ url: broker.url, hub: "nobody" }, { ...options, redial: false, log });
    await meeting.dial(peer);
    await eventually(() => said.length > 0, "the failure");
    expect(said[0]).toContain("node nobody does not listen at this broker");
  });

  test("a wrong password fails at once, and is shown nowhere", async () => {
    const url = `amqp://guest:s3cr%2Ft@127.0.0.1:${broker.port}/`;
    const { said, log } = listeningLog();
    const dialer = amqpPeer({ url, hub: nodeId() }, { ...options, redial: false, log });
    await meeting.dial(dialer);
    await eventually(() => said.length > 0, "the failure");
    const listener = amqpListener({ url, nodeId: nodeId() }, log);
    await meeting.listen(listener);
    await eventually(() => said.length > 1, "that of the listener");
    for (const line of said) expect(line).toContain("ACCESS_REFUSED");
    const shown = [...said, dialer.description, listener.description].join();
    expect(shown).not.toMatch(/s3cr/);
  });

  test("what is no address fails without being quoted", () => {
    for (const url of ["guest:s3cret@host", "http://guest:s3cret@host", "amqp://guest:s3cret%zz@host", "amqp://"])
      expect(() => amqpListener({ url, nodeId: "n" })).toThrow(expect.not.stringContaining("s3cret"));
  });

  test("rubbish in the queue of requests is passed over", async () => {
    await listen();
    await withConnection(broker.url, async (rabbit) => {
      const queue = announceQueue("farhand", nodeId());
      const publisher = rabbit.createPublisher({ confirm: true });
      const long = Buffer.alloc(100_000, "{");
      for (const body of [
        Buffer.alloc(0),
        Buffer.from("null"),
        Buffer.from('{"link":"../x"}'),
        long,
        { link: 1 },
        "text",
      ])
        await publisher.send(queue, body);
      await publisher.close();
    });
    await meeting.dial(amqpPeer({ url: broker.url, hub: nodeId() }, options));
    expect(await meeting.links()).toHaveLength(1);
  });

  test("amqps takes a TLS profile: a broker that is not the pinned one gets no password", async () => {
    await using folder = await tempFolder();
    const { ca, server } = await makeCertificates(folder.path);
    let heard = "";
    const terminator = createTlsServer({ cert: readFileSync(server.cert), key: readFileSync(server.key) }, (near) => {
      const far = connect(broker.port, "127.0.0.1");
      near.on("data", (bytes: Buffer) => (heard += bytes.toString("latin1")));
      near.pipe(far).pipe(near);
      near.on("error", () => {}).once("close", () => far.destroy());
      far.on("error", () => {}).once("close", () => near.destroy());
    });
    await new Promise<void>((resolve) => terminator.listen(0, "127.0.0.1", resolve));
    const url = `amqps://guest:guest@127.0.0.1:${(terminator.address() as AddressInfo).port}`;
    const through = (profile: TlsClientProfile): Promise<OpenBackend> =>
      amqpListener({ url, nodeId: nodeId(), tls: tlsClientSource(profile) }).start(() => {});
    for (const profile of [{}, { rootCas: ca, pinnedServerCert: ["00".repeat(32)] }]) {
      const refused = await through(profile);
      expect(refused.problem).toMatch(/unknown authority|pinned/);
      await refused.close();
    }
    expect(heard).not.toContain("guest");
    const open = await through({ rootCas: ca, pinnedServerCert: [fingerprintOf(server.cert)] });
    expect(heard).toContain("guest");
    await open.close();
    await new Promise((resolve) => terminator.close(resolve));
  });

  test("a neighbour that sends what is no batch loses its link, and the others keep theirs", async () => {
    const { near, far } = await meet();
    const link = randomBytes(16).toString("hex");
    const { up, down } = linkQueues("farhand", nodeId(), link);
    await withConnection(broker.url, async (rabbit) => {
      const publisher = rabbit.createPublisher({ confirm: true });
      await publisher.send(announceQueue("farhand", nodeId()), encodeLinkRequest({ link }));
      while (!(await isThere(rabbit, down))) await sleep(20);
      await publisher.send(up, Buffer.alloc(1000, 0xff));
      while (await isThere(rabbit, down)) await sleep(20);
      await publisher.close();
    });
    await checkTraffic(near, far, 10);
  });

  test("links are bounded", async () => {
    await listen({ maxLinks: 1 });
    await meeting.dial(amqpPeer({ url: broker.url, hub: nodeId() }, options));
    const first = await meeting.link();
    await meeting.dial(amqpPeer({ url: broker.url, hub: nodeId() }, { ...options, dialLimitMs: 500 }));
    await sleep(1000);
    expect(meeting.dialled).toHaveLength(1);
    await checkTraffic(first.near, first.far, 10);
  });
});

/** What was said at any level. */
function listeningLog(): { readonly said: string[]; readonly log: Log } {
  const said: string[] = [];
  const hear = (message: string): void => void said.push(message);
  return { said, log: { debug: hear, info: hear, warn: hear, error: hear } };
}

/** Somebody else who may use the broker. */
async function withConnection(url: string, act: (rabbit: Connection) => Promise<void>): Promise<void> {
  const rabbit = new Connection(url);
  rabbit.on("error", () => {});
  try {
    await act(rabbit);
  } finally {
    await rabbit.close();
  }
}

async function isThere(rabbit: Connection, queue: string): Promise<boolean> {
  return await rabbit.queueDeclare({ queue, passive: true }).then(
    () => true,
    () => false,
  );
}
