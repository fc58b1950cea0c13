import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { makeInsecureCertificate } from "../../certificate/insecure.ts";
import {
  connectionIdBytes,
  type QuicConnection,
  type QuicEngine,
  type QuicProfile,
  QuicStreamEnded,
} from "./engine.ts";
import { loadQuicheEngine } from "./quiche-engine.ts";

/** Every engine keeps the promises of `engine.ts`. A new one gets a row here. */
const engines = [{ name: "quiche", load: loadQuicheEngine }];

const transport = {
  alpn: "netceptor",
  idleMs: 30_000,
  maxDatagramBytes: 1452,
  streamWindowBytes: 512 * 1024,
  maxStreamWindowBytes: 6 * 1024 * 1024,
  connectionWindowBytes: 768 * 1024,
  maxConnectionWindowBytes: 15 * 1024 * 1024,
};
const resetToken = randomBytes(16);

interface Identity {
  readonly cert: Buffer;
  readonly key: Buffer;
}

async function makeIdentity(): Promise<Identity> {
  const { cert, key } = await makeInsecureCertificate();
  return { cert: Buffer.from(cert), key: Buffer.from(key) };
}

/** What happens to datagrams on their way. */
type Fate = (datagram: Buffer) => "arrives" | "lost" | "late";

/** A client and a server with a pipe of datagrams between them. */
class Pair {
  readonly client: QuicConnection;
  readonly server: QuicConnection;
  fate: Fate = () => "arrives";
  readonly #late: [QuicConnection, Buffer][] = [];

  constructor(engine: QuicEngine, client: QuicProfile, server: QuicProfile) {
    this.client = engine.connect(client, randomBytes(connectionIdBytes));
    this.server = engine.accept(server, randomBytes(connectionIdBytes), resetToken);
  }

  /** Carry datagrams and let time pass until `condition` holds. */
  async until(condition: () => boolean): Promise<void> {
    for (let round = 1; ; round++) {
      const moved = this.#carry(this.client, this.server) + this.#carry(this.server, this.client);
      if (condition()) return;
      for (const [to, datagram] of this.#late.splice(0)) to.receive(datagram);
      // Also where they never leave off: that must end by the test's time, and not hold up whoever runs it.
      if (moved === 0 || round % 1_000 === 0) await this.#pass();
    }
  }

  established(): Promise<void> {
    return this.until(() => this.client.isEstablished && this.server.isEstablished);
  }

  #carry(from: QuicConnection, to: QuicConnection): number {
    const buffer = Buffer.alloc(65_536);
    for (let moved = 0; ; moved++) {
      const length = from.send(buffer);
      if (length === 0 || moved === 200) return moved;
      const datagram = Buffer.from(buffer.subarray(0, length));
      const fate = this.fate(datagram);
      if (fate === "arrives") to.receive(datagram);
      if (fate === "late") this.#late.push([to, datagram]);
    }
  }

  async #pass(): Promise<void> {
    const timeouts = [this.client.timeout(), this.server.timeout()].filter((ms) => ms !== undefined);
    await sleep(Math.min(50, ...timeouts) + 1);
    this.client.onTimeout();
    this.server.onTimeout();
  }
}

/** Sends `bytes` and the end on a stream, and reads what comes, as far as both go now. */
class Talker {
  readonly #connection: QuicConnection;
  readonly #stream: number;
  #left: Uint8Array;
  #finSent = false;
  readonly received: Buffer[] = [];
  ended = false;

  constructor(connection: QuicConnection, stream: number, bytes: Uint8Array) {
    this.#connection = connection;
    this.#stream = stream;
    this.#left = bytes;
  }

  get text(): Buffer {
    return Buffer.concat(this.received);
  }

  work(): void {
    while (!this.#finSent) {
      const taken = this.#connection.streamSend(this.#stream, this.#left, true);
      if (taken === undefined) break;
      this.#finSent = taken === this.#left.length;
      this.#left = this.#left.subarray(taken);
    }
    while (this.#connection.streamReadable(this.#stream)) {
      const into = Buffer.alloc(32_768);
      const [bytes, fin] = this.#connection.streamReceive(this.#stream, into) ?? [0, false];
      this.received.push(into.subarray(0, bytes));
      if (fin) this.ended = true;
    }
  }
}

/** Numbers from 0 to 1, the same in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
}

function caught(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

function readAll(connection: QuicConnection, stream: number): string {
  const into = Buffer.alloc(1000);
  const [bytes] = connection.streamReceive(stream, into) ?? [0];
  return into.toString("latin1", 0, bytes);
}

describe.each(engines)("$name engine", ({ load }) => {
  let engine: QuicEngine;
  let listener: Identity;
  let dialer: Identity;
  const plainClient: QuicProfile = { tls: {}, transport: { ...transport, peerStreams: 0 } };
  let plainServer: QuicProfile;

  beforeAll(async () => {
    [engine, listener, dialer] = await Promise.all([load(), makeIdentity(), makeIdentity()]);
    plainServer = { tls: listener, transport: { ...transport, peerStreams: 1 } };
  });

  const derOf = ({ cert }: Identity) =>
    Buffer.from(cert.toString().replaceAll(/-----[A-Z ]+-----|\n/g, ""), "base64").toString("hex");
  const hexChain = (connection: QuicConnection) =>
    connection.peerChain().map((der) => Buffer.from(der).toString("hex"));

  async function connected(client = plainClient, server = plainServer): Promise<Pair> {
    const pair = new Pair(engine, client, server);
    await pair.established();
    return pair;
  }

  /** A pair whose client has sent a byte on stream 0. */
  async function talking(client?: QuicProfile, server?: QuicProfile): Promise<Pair> {
    const pair = await connected(client, server);
    pair.client.streamSend(0, Buffer.from("!"), false);
    await pair.until(() => pair.server.streamReadable(0));
    expect(readAll(pair.server, 0)).toBe("!");
    return pair;
  }

  describe("handshake", () => {
    test("shows the server's certificate to the client, and none the other way", async () => {
      const { client, server } = await connected();
      expect(hexChain(client)).toEqual([derOf(listener)]);
      expect(hexChain(server)).toEqual([]);
      expect([client.ending, server.ending]).toEqual([undefined, undefined]);
    });

    test("shows the client's certificate where one is required", async () => {
      const { server } = await connected(
        { ...plainClient, tls: dialer },
        { ...plainServer, tls: { ...listener, requireClientCert: true } },
      );
      expect(hexChain(server)).toEqual([derOf(dialer)]);
    });

    test("fails without a certificate where one is required", async () => {
      const pair = new Pair(engine, plainClient, { ...plainServer, tls: { ...listener, requireClientCert: true } });
      await pair.until(() => pair.client.ending !== undefined);
      expect(pair.server.ending).toMatchObject({ kind: "closed", by: "us", level: "transport", code: 0x174 });
      expect(pair.client.ending).toMatchObject({ kind: "closed", by: "peer", level: "transport", code: 0x174 });
      expect(pair.server.isEstablished).toBe(false);
    });

    test("fails between two that speak different protocols", async () => {
      const other = { ...plainClient, transport: { ...plainClient.transport, alpn: "other" } };
      const pair = new Pair(engine, other, plainServer);
      await pair.until(() => pair.client.ending !== undefined);
      expect(pair.client.ending).toMatchObject({ kind: "closed", level: "transport", code: 0x178 });
    });

    test("begins with a datagram of at least 1200 bytes of a version it names", () => {
      const { client } = new Pair(engine, plainClient, plainServer);
      const into = Buffer.alloc(2000);
      expect(client.send(into)).toBeGreaterThanOrEqual(1200);
      expect(engine.versions).toContain(into.readUInt32BE(1));
      expect(engine.versions).toContain(1);
    });

    test("gets through when datagrams are lost", async () => {
      const pair = new Pair(engine, plainClient, plainServer);
      let count = 0;
      pair.fate = () => (count++ % 3 === 0 ? "lost" : "arrives");
      await pair.established();
      expect(hexChain(pair.client)).toEqual([derOf(listener)]);
    });
  });

  describe("streams", () => {
    test("carry 10 MB both ways over a pipe that loses and reorders", async () => {
      const pair = await connected();
      const random = seeded(42);
      pair.fate = () => (random() < 0.01 ? "lost" : random() < 0.02 ? "late" : "arrives");
      const [up, down] = [randomBytes(10_000_000), randomBytes(10_000_000)];
      const client = new Talker(pair.client, 0, up);
      client.work();
      await pair.until(() => pair.server.streamReadable(0));
      const server = new Talker(pair.server, 0, down);
      await pair.until(() => {
        client.work();
        server.work();
        return client.ended && server.ended;
      });
      expect(server.text.equals(up)).toBe(true);
      expect(client.text.equals(down)).toBe(true);
    });

    test("go on when every word of how much more may come was lost for a while", async () => {
      const pair = await talking();
      const down = randomBytes(3_000_000);
      const [client, server] = [new Talker(pair.client, 0, Buffer.alloc(0)), new Talker(pair.server, 0, down)];
      let isDeaf = true;
      // What the reader says is short, what it is sent is long.
      pair.fate = ({ length }) => (isDeaf && length < 1_000 ? "lost" : "arrives");
      const read = () => client.received.reduce((sum, { length }) => sum + length, 0);
      const held = performance.now() + 1_000;
      await pair.until(() => {
        client.work();
        server.work();
        return performance.now() > held;
      });
      expect(read()).toBeLessThan(down.length);
      isDeaf = false;
      await pair.until(() => {
        client.work();
        server.work();
        return client.ended;
      });
      expect(read()).toBe(down.length);
    });

    test("close in one direction and go on in the other, first of either side", async () => {
      for (const [first, second] of [["client", "server"] as const, ["server", "client"] as const]) {
        const pair = await talking();
        pair[first].streamSend(0, Buffer.from("bye"), true);
        await pair.until(() => pair[second].streamReadable(0));
        expect(pair[second].streamReceive(0, Buffer.alloc(10))).toEqual([3, true]);
        expect([pair.client.streamDone(0), pair.server.streamDone(0)]).toEqual([false, false]);
        pair[second].streamSend(0, Buffer.from("more"), false);
        await pair.until(() => pair[first].streamReadable(0));
        expect(pair[first].streamReceive(0, Buffer.alloc(10))).toEqual([4, false]);
        await pair.until(() => pair[second].streamSend(0, Buffer.alloc(0), true) === 0);
        await pair.until(() => pair[first].streamReadable(0));
        expect(pair[first].streamReceive(0, Buffer.alloc(10))).toEqual([0, true]);
        await pair.until(() => pair.client.streamDone(0) && pair.server.streamDone(0));
      }
    });

    test("deliver an end that follows its last bytes, whatever comes in between and gets lost", async () => {
      const pair = await talking();
      pair.client.streamSend(0, Buffer.from("bye"), true);
      await pair.until(() => pair.server.streamReadable(0));
      pair.server.streamReceive(0, Buffer.alloc(10));
      pair.server.streamSend(0, Buffer.from("more"), false);
      await pair.until(() => pair.client.streamReadable(0));
      expect(readAll(pair.client, 0)).toBe("more");
      // The acknowledgement of these bytes is on its way, and the first datagram with the end will be lost.
      let endSent = pair.server.streamSend(0, Buffer.alloc(0), true) === 0;
      let fates = 0;
      pair.fate = () => (fates++ % 3 === 1 ? "lost" : "arrives");
      await pair.until(() => {
        endSent ||= pair.server.streamSend(0, Buffer.alloc(0), true) === 0;
        return pair.client.streamReadable(0);
      });
      expect(pair.client.streamReceive(0, Buffer.alloc(10))).toEqual([0, true]);
      await pair.until(() => pair.server.streamDone(0));
    });

    test("forget a slow first round trip: what is lost later is soon said again", async () => {
      const pair = new Pair(engine, plainClient, plainServer);
      // The server has answered, and for this long the client does not.
      await pair.until(() => true);
      await sleep(1500);
      await pair.established();
      pair.client.streamSend(0, Buffer.from("!"), false);
      await pair.until(() => pair.server.streamReadable(0));
      let [sent, received] = [0, 0];
      while (received < 2_000_000) {
        sent += pair.server.streamSend(0, Buffer.alloc(100_000), false) ?? 0;
        await pair.until(() => true);
        while (pair.client.streamReadable(0)) received += readAll(pair.client, 0).length;
      }
      await pair.until(() => {
        while (pair.client.streamReadable(0)) received += readAll(pair.client, 0).length;
        return received === sent && pair.server.isResting;
      });
      pair.fate = () => "lost";
      pair.server.streamSend(0, Buffer.from("lost"), false);
      pair.server.send(Buffer.alloc(2000));
      expect(pair.server.timeout()).toBeLessThan(1000);
    });

    test("are not done while the far end lacks the end", async () => {
      const pair = await talking();
      await pair.until(() => pair.server.streamSend(0, Buffer.alloc(0), true) === 0);
      await pair.until(() => pair.client.streamReadable(0));
      pair.client.streamReceive(0, Buffer.alloc(10));
      pair.fate = () => "lost";
      pair.client.streamSend(0, Buffer.from("last words"), true);
      let looks = 0;
      await pair.until(() => looks++ > 3);
      expect(pair.client.streamDone(0)).toBe(false);
      pair.fate = () => "arrives";
      await pair.until(() => pair.server.streamReadable(0));
      pair.server.streamReceive(0, Buffer.alloc(20));
      await pair.until(() => pair.client.streamDone(0));
    });

    test("hold the sender back when nobody reads, and take only a part of what is offered", async () => {
      const pair = await talking();
      const much = Buffer.alloc(2_000_000, "x");
      let sent = 0;
      let idle = 0;
      await pair.until(() => {
        const taken = pair.client.streamSend(0, much, true) ?? 0;
        expect(taken).toBeLessThan(much.length);
        sent += taken;
        idle = taken === 0 ? idle + 1 : 0;
        return idle > 20;
      });
      expect(sent).toBeGreaterThan(100_000);
      expect(sent).toBeLessThanOrEqual(transport.streamWindowBytes);
      let received = 0;
      await pair.until(() => {
        const [bytes, fin] = pair.server.streamReceive(0, Buffer.alloc(50_000)) ?? [0, false];
        expect(fin).toBe(false);
        received += bytes;
        return received === sent;
      });
      await pair.until(() => pair.client.streamSend(0, Buffer.from("on"), false) === 2);
    });

    test("tell the writer when the reader stops, with its code", async () => {
      const pair = await talking();
      pair.server.streamStop(0, 499);
      await pair.until(
        () => caught(() => pair.client.streamSend(0, Buffer.from("x"), false)) instanceof QuicStreamEnded,
      );
      expect(caught(() => pair.client.streamSend(0, Buffer.from("x"), false))).toMatchObject({
        kind: "stopped",
        code: 499,
      });
      pair.server.streamSend(0, Buffer.from("still here"), false);
      await pair.until(() => pair.client.streamReadable(0));
      expect(readAll(pair.client, 0)).toBe("still here");
    });

    test("are done for a side that stopped reading and has ended, once the far end knows", async () => {
      const pair = await talking();
      pair.server.streamSend(0, Buffer.from("unread"), false);
      await pair.until(() => pair.client.streamReadable(0));
      pair.client.streamSend(0, Buffer.from("end"), true);
      pair.client.streamStop(0, 499);
      expect(pair.client.streamDone(0)).toBe(false);
      await pair.until(() => pair.client.streamDone(0));
      expect(readAll(pair.server, 0)).toBe("end");
    });

    test("tell the reader when the writer breaks off, with its code", async () => {
      const pair = await talking();
      pair.client.streamReset(0, 7);
      await pair.until(() => pair.server.streamReadable(0));
      expect(caught(() => pair.server.streamReceive(0, Buffer.alloc(10)))).toMatchObject({ kind: "reset", code: 7 });
    });

    test("are refused beyond what the far end allows", async () => {
      const pair = await talking();
      expect(caught(() => pair.client.streamSend(4, Buffer.from("x"), false))).toMatchObject({ kind: "refused" });
      expect(caught(() => pair.server.streamSend(1, Buffer.from("x"), false))).toMatchObject({ kind: "refused" });
      expect(pair.client.ending).toBeUndefined();
    });

    test("that nobody opened are neither readable nor an accident", async () => {
      const pair = await connected();
      expect(pair.server.streamReadable(0)).toBe(false);
      pair.server.streamStop(0, 499);
      pair.server.streamReset(0, 499);
      expect(pair.server.ending).toBeUndefined();
    });
  });

  describe("ends", () => {
    test.each([
      { level: "application", code: 0, reason: "normal close" },
      { level: "application", code: 500, reason: "Accept Timeout" },
      { level: "transport", code: 0x12a, reason: "x509: certificate is not valid for any Receptor node IDs" },
    ] as const)("with $level code $code, and its reason, at both ends", async ({ level, code, reason }) => {
      const pair = await talking();
      pair.server.close(level, code, reason);
      await pair.until(() => pair.client.ending !== undefined);
      expect(pair.server.ending).toEqual({ kind: "closed", by: "us", level, code, reason });
      expect(pair.client.ending).toEqual({ kind: "closed", by: "peer", level, code, reason });
      await pair.until(() => pair.client.isClosed && pair.server.isClosed);
    });

    test("leave what had come before to be read", async () => {
      const pair = await talking();
      pair.server.streamSend(0, Buffer.from("last words"), true);
      await pair.until(() => pair.client.streamReadable(0));
      pair.server.close("application", 0, "normal close");
      await pair.until(() => pair.client.isClosed);
      expect(pair.client.streamReadable(0)).toBe(true);
      expect(readAll(pair.client, 0)).toBe("last words");
      expect(pair.client.streamReadable(0)).toBe(false);
    });

    test("after the shorter of both idle times without a word", async () => {
      const hasty = { ...plainClient, transport: { ...plainClient.transport, idleMs: 200 } };
      const pair = await talking(hasty);
      pair.fate = () => "lost";
      await pair.until(() => pair.client.isClosed && pair.server.isClosed);
      expect([pair.client.ending, pair.server.ending]).toEqual([{ kind: "idle" }, { kind: "idle" }]);
    });

    test("not while pings are answered", async () => {
      const hasty = { ...plainClient, transport: { ...plainClient.transport, idleMs: 300 } };
      const pair = await talking(hasty);
      const start = performance.now();
      await pair.until(() => {
        pair.client.ping();
        return performance.now() - start > 1000;
      });
      expect([pair.client.ending, pair.server.ending]).toEqual([undefined, undefined]);
    });

    test("when the server proves that it has forgotten", async () => {
      const pair = await talking();
      const reset = Buffer.concat([randomBytes(30), resetToken]);
      reset[0] = 0x40 | ((reset[0] ?? 0) & 0x3f);
      pair.client.receive(reset);
      expect(pair.client.ending).toEqual({ kind: "forgotten" });
    });

    test("once, whatever is asked of it then", async () => {
      const pair = await talking();
      pair.client.close("application", 0, "normal close");
      pair.client.close("application", 1, "again");
      pair.client.ping();
      pair.client.onTimeout();
      await pair.until(() => pair.client.isClosed && pair.server.isClosed);
      expect(pair.server.ending).toMatchObject({ code: 0 });
      expect(pair.client.send(Buffer.alloc(2000))).toBe(0);
      expect(pair.client.timeout()).toBeUndefined();
    });
  });

  test.each(Array.from({ length: 40 }, (_, n) => n))(
    "an end without bytes arrives behind bytes that get lost, seed %i",
    async (seed) => {
      const pair = await talking();
      const random = seeded(seed);
      let isEnded = false;
      pair.fate = () => (random() < 0.3 ? "lost" : "arrives");
      pair.client.streamSend(0, Buffer.alloc(20_000), false);
      const into = Buffer.alloc(50_000);
      let isDone = false;
      const start = performance.now();
      await pair.until(() => {
        isEnded ||= pair.client.streamSend(0, Buffer.alloc(0), true) === 0;
        while (pair.server.streamReadable(0)) isDone = pair.server.streamReceive(0, into)?.[1] ?? false;
        return isDone || performance.now() - start > 8000;
      });
      expect([isEnded, isDone]).toEqual([true, true]);
    },
  );

  test("onTimeout() before its time does nothing", async () => {
    const pair = await talking();
    for (let n = 0; n < 1000; n++) pair.client.onTimeout();
    expect(pair.client.ending).toBeUndefined();
  });

  test("send() keeps to the longest datagram of either side", async () => {
    const long = { ...plainClient, transport: { ...plainClient.transport, maxDatagramBytes: 16_000 } };
    const pair = await talking(long);
    let longest = 0;
    pair.fate = (datagram) => {
      longest = Math.max(longest, datagram.length);
      return "arrives";
    };
    const talker = new Talker(pair.client, 0, Buffer.alloc(200_000));
    const listener = new Talker(pair.server, 0, Buffer.alloc(0));
    await pair.until(() => {
      talker.work();
      listener.work();
      return listener.ended;
    });
    expect(longest).toBeGreaterThan(1200);
    expect(longest).toBeLessThanOrEqual(1452);
  });

  describe("receive()", () => {
    test("takes any bytes, before and after the handshake", async () => {
      const pair = await talking();
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 1500 }), (bytes) => {
          for (const connection of [
            ...Object.values(new Pair(engine, plainClient, plainServer)),
            pair.client,
            pair.server,
          ])
            if (typeof connection === "object" && "receive" in connection) connection.receive(Buffer.from(bytes));
        }),
      );
      expect([pair.client.ending, pair.server.ending]).toEqual([undefined, undefined]);
      pair.client.streamSend(0, Buffer.from("still"), false);
      await pair.until(() => pair.server.streamReadable(0));
    });

    test("is not disturbed by altered copies of real datagrams", async () => {
      const pair = new Pair(engine, plainClient, plainServer);
      const random = seeded(7);
      pair.fate = (datagram) => {
        const altered = Buffer.from(datagram);
        const at = Math.floor(random() * altered.length);
        altered[at] = (altered[at] ?? 0) ^ (1 + Math.floor(random() * 255));
        // A server that has seen nothing good yet may give up at the first bad datagram.
        if (pair.client.isEstablished) for (const end of [pair.client, pair.server]) end.receive(Buffer.from(altered));
        return "arrives";
      };
      await pair.established();
      const up = randomBytes(300_000);
      const client = new Talker(pair.client, 0, up);
      client.work();
      await pair.until(() => pair.server.streamReadable(0));
      const server = new Talker(pair.server, 0, Buffer.alloc(0));
      await pair.until(() => {
        client.work();
        server.work();
        return server.ended;
      });
      expect(server.text.equals(up)).toBe(true);
    });
  });

  test("serves many connections of one profile", async () => {
    const pairs = Array.from({ length: 100 }, () => new Pair(engine, plainClient, plainServer));
    await Promise.all(pairs.map((pair) => pair.established()));
    await Promise.all(
      pairs.map(async (pair, n) => {
        pair.client.streamSend(0, Buffer.from(`I am ${n}`), true);
        await pair.until(() => pair.server.streamReadable(0));
        expect(readAll(pair.server, 0)).toBe(`I am ${n}`);
        pair.client.close("application", 0, "");
        await pair.until(() => pair.server.isClosed);
      }),
    );
  });
});
