import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { silentLog } from "#core";
import { DatagramNet } from "../../../../test/kit/datagram-net.ts";
import type { DatagramSocket } from "../datagrams.ts";
import type { MeshStream, StreamEngine } from "../stream.ts";
import { ConnectionDriver } from "./connection-driver.ts";
import { connectionIdBytes, type QuicEnding } from "./engine.ts";
import { defaultQuicLimits, type QuicLimits } from "./limits.ts";
import { loadQuicheEngine } from "./quiche-engine.ts";
import { openQuicStreams } from "./quic-streams.ts";
import type { StreamEnding } from "./stream-endings.ts";

const tls = { server: () => undefined, client: () => undefined };

/** A node `beta` that serves `svc`, on a net. */
function openBeta(
  net: DatagramNet,
  limits: Partial<QuicLimits> = {},
  accept = welcome,
): StreamEngine & AsyncDisposable {
  const openDatagrams = net.node("beta");
  const beta = openQuicStreams({ nodeId: "beta", openDatagrams, tls, log: silentLog, limits });
  beta.listen("svc", { accept });
  return Object.assign(beta, { [Symbol.asyncDispose]: () => beta.close() });
}

function welcome(stream: MeshStream): void {
  stream.end("welcome");
}

function openNode(net: DatagramNet, nodeId: string, limits: Partial<QuicLimits> = {}): StreamEngine & AsyncDisposable {
  const node = openQuicStreams({ nodeId, openDatagrams: net.node(nodeId), tls, log: silentLog, limits });
  return Object.assign(node, { [Symbol.asyncDispose]: () => node.close() });
}

async function checkServes(net: DatagramNet, nodeId = "friend"): Promise<void> {
  await using friend = openNode(net, nodeId);
  const stream = await friend.dial("beta", "svc", {});
  expect(String((await once(stream, "data"))[0])).toBe("welcome");
}

/** A client that only goes as far as it is told. */
async function openClient(net: DatagramNet, nodeId = "alpha") {
  const transport = { alpn: "netceptor", idleMs: 30_000, maxDatagramBytes: 1452, peerStreams: 0 };
  const window = { streamWindowBytes: 1e5, maxStreamWindowBytes: 1e5 };
  const all = { ...transport, ...window, connectionWindowBytes: 1e5, maxConnectionWindowBytes: 1e5 };
  const connection = (await loadQuicheEngine()).connect({ tls: {}, transport: all }, randomBytes(connectionIdBytes));
  const socket = net.node(nodeId)(undefined, { received: (bytes) => driver.receive(bytes), unreachable: () => {} });
  const transmit = (bytes: Uint8Array) => socket.send("beta", "svc", bytes);
  let shaken!: () => void;
  let over!: (ending: StreamEnding) => void;
  const isEstablished = new Promise<void>((resolve) => (shaken = resolve));
  const ending = new Promise<StreamEnding>((resolve) => (over = resolve));
  const driver: ConnectionDriver = new ConnectionDriver(connection, transmit, defaultQuicLimits, {
    established: shaken,
    progress: () => {},
    ended: over,
    released: () => socket.close(),
  });
  return { driver, isEstablished, ending };
}

/** Datagrams that a raw socket of node `mallory` gets back. */
function rawSocket(net: DatagramNet): { socket: DatagramSocket; received: Buffer[] } {
  const received: Buffer[] = [];
  const events = { received: (bytes: Uint8Array) => received.push(Buffer.from(bytes)), unreachable: () => {} };
  return { socket: net.node("mallory")(undefined, events), received };
}

/** The first datagram of a connection that is never taken further. */
async function firstDatagram(): Promise<Buffer> {
  const net = new DatagramNet();
  const first = new Promise<Buffer>((resolve) => {
    net.weather.look = (datagram) => {
      resolve(Buffer.from(datagram));
      return false;
    };
  });
  const { driver } = await openClient(net);
  const datagram = await first;
  driver.abandon({ kind: "shutdown" });
  return datagram;
}

describe("a listener refuses", () => {
  const refusal = (reason: string): QuicEnding => ({
    ...{ kind: "closed", by: "peer", level: "application", code: 500 },
    reason,
  });

  test("whoever opens no stream in time", async () => {
    const net = new DatagramNet();
    await using _beta = openBeta(net, { acceptMs: 20 });
    const { ending } = await openClient(net);
    expect(await ending).toEqual(refusal("Accept Timeout"));
  });

  test("a stream that does not begin with the hidden byte", async () => {
    const net = new DatagramNet();
    await using _beta = openBeta(net);
    const { driver, isEstablished, ending } = await openClient(net);
    await isEstablished;
    driver.connection.streamSend(0, Buffer.from("GET / HTTP/1.1"), false);
    driver.wake();
    expect(await ending).toEqual(refusal("Read Data Error"));
  });

  test("a stream that ends, or breaks off, before the hidden byte", async () => {
    const net = new DatagramNet();
    await using _beta = openBeta(net);
    for (const [act, reason] of [
      ["end", "Read Error: EOF"],
      ["reset", "Read Error: stream reset by the far end (code 7)"],
    ] as const) {
      const { driver, isEstablished, ending } = await openClient(net);
      await isEstablished;
      while (driver.connection.streamSend(0, Buffer.alloc(0), act === "end") === undefined) {
        driver.wake();
        await sleep(1);
      }
      if (act === "reset") driver.connection.streamReset(0, 7);
      driver.wake();
      expect(await ending).toEqual(refusal(reason));
    }
  });

  test("everybody, in every state, when it closes", async () => {
    const net = new DatagramNet();
    const openDatagrams = net.node("beta");
    const beta = openQuicStreams({ nodeId: "beta", openDatagrams, tls, log: silentLog });
    let accepted!: () => void;
    const isAccepted = new Promise<void>((resolve) => (accepted = resolve));
    const listener = beta.listen("svc", { accept: accepted });
    const { isEstablished, ending } = await openClient(net);
    await isEstablished;
    await using friend = openNode(net, "friend");
    const stream = await friend.dial("beta", "svc", {});
    const failed = once(stream, "error");
    await isAccepted;
    await listener.close();
    expect(await ending).toEqual(refusal("Listener Closed"));
    // A datagram of the dialer's that was under way finds nobody, and the answer to that may come first.
    expect(["STREAM_REFUSED", "SERVICE_UNKNOWN"]).toContain((await failed)[0].code);
    // Its name is free again.
    beta.listen("svc", { accept: welcome });
    await checkServes(net, "gamma");
    await beta.close();
  });
});

describe("a listener is not disturbed by", () => {
  test("datagrams that are none of QUIC's", async () => {
    const net = new DatagramNet();
    await using _beta = openBeta(net);
    const { socket } = rawSocket(net);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1500 }), (bytes) => {
        socket.send("beta", "svc", bytes);
      }),
    );
    await checkServes(net);
  });

  test("altered first datagrams", async () => {
    const net = new DatagramNet();
    await using _beta = openBeta(net);
    const { socket } = rawSocket(net);
    const first = await firstDatagram();
    fc.assert(
      fc.property(fc.nat(first.length - 1), fc.nat(255), (at, value) => {
        const altered = Buffer.from(first);
        altered[at] = value;
        socket.send("beta", "svc", altered);
      }),
    );
    await checkServes(net);
  });

  test("short first datagrams, which it does not answer", async () => {
    const net = new DatagramNet();
    await using _beta = openBeta(net);
    const { socket, received } = rawSocket(net);
    const first = await firstDatagram();
    socket.send("beta", "svc", first.subarray(0, 1199));
    await checkServes(net);
    expect(received).toEqual([]);
  });

  test("forged datagrams under the id of another's connection", async () => {
    const net = new DatagramNet();
    await using _beta = openBeta(net, {}, (stream) => void stream.pipe(stream));
    const { socket, received } = rawSocket(net);
    await using friend = openNode(net, "friend");
    const stream = await friend.dial("beta", "svc", {});
    net.weather.look = (datagram, from) => {
      if (from.startsWith("friend")) socket.send("beta", "svc", Buffer.from(datagram));
      return true;
    };
    stream.write("hello");
    expect(String((await once(stream, "data"))[0])).toBe("hello");
    expect(received).toEqual([]);
  });

  test("an accept function that throws", async () => {
    const net = new DatagramNet();
    let calls = 0;
    await using _beta = openBeta(net, {}, (stream) => {
      if (calls++ === 0) throw new Error("out of order");
      welcome(stream);
    });
    await using friend = openNode(net, "alpha");
    const stream = await friend.dial("beta", "svc", {});
    stream.resume();
    await once(stream, "end");
    await checkServes(net);
  });
});

describe("a listener bounds", () => {
  test("handshakes under way, of one node and of all", async () => {
    const net = new DatagramNet();
    await using _beta = openBeta(net, { handshakes: 5, handshakesPerNode: 3, handshakeMs: 300 });
    await checkServes(net);
    const answered = new Set<string>();
    // Nobody hears the answers, so no handshake gets further.
    net.weather.look = (_datagram, from, to) => {
      if (from === "beta:svc") answered.add(to);
      return from !== "beta:svc";
    };
    const clients = [];
    for (const nodeId of ["alpha", "alpha", "alpha", "alpha", "gamma", "gamma", "delta"])
      clients.push(await openClient(net, nodeId));
    while (answered.size < 5) await sleep(5);
    await sleep(100);
    expect(answered.size).toBe(5);
    for (const { driver } of clients) driver.abandon({ kind: "shutdown" });
    // They time out, and their places are free again.
    delete net.weather.look;
    await checkServes(net);
  });

  test("connections of one node; others still get through, and a place that is free is given again", async () => {
    const net = new DatagramNet();
    await using _beta = openBeta(net, { connectionsPerNode: 2 }, (stream) => void stream.write("welcome"));
    await using alpha = openNode(net, "alpha");
    const [first] = [await alpha.dial("beta", "svc", {}), await alpha.dial("beta", "svc", {})];
    await using hasty = openNode(net, "alpha", { handshakeMs: 200 });
    await expect(hasty.dial("beta", "svc", {})).rejects.toMatchObject({ code: "TIMEOUT" });
    await checkServes(net);
    first.destroy();
    await using again = openNode(net, "alpha");
    await again.dial("beta", "svc", {});
  });
});

describe("a listener answers", () => {
  test("an unknown version with those it speaks", async () => {
    const net = new DatagramNet();
    await using _beta = openBeta(net);
    await checkServes(net);
    const { socket, received } = rawSocket(net);
    const first = await firstDatagram();
    first.writeUInt32BE(0x0a1a2a3a, 1);
    socket.send("beta", "svc", first);
    while (received.length === 0) await sleep(1);
    expect(received[0]?.subarray(0, 5).toString("hex")).toBe("c000000000");
    expect(received[0]?.subarray(-4).toString("hex")).toBe("00000001");
    // Not an answer of that kind itself, or two nodes would go on for ever.
    first.writeUInt32BE(0, 1);
    socket.send("beta", "svc", first);
    await checkServes(net);
    expect(received).toHaveLength(1);
  });

  test("a connection it has forgotten with a reset that ends it at once", async () => {
    const net = new DatagramNet();
    const streams: MeshStream[] = [];
    await using _beta = openBeta(net, {}, (stream) => {
      streams.push(stream);
      stream.write("welcome");
    });
    await using alpha = openNode(net, "alpha");
    const stream = await alpha.dial("beta", "svc", {});
    await once(stream, "data");
    // The dialer hears nothing of the close.
    net.weather.look = (_datagram, from) => from !== "beta:svc";
    streams[0]?.destroy();
    await sleep(1500);
    delete net.weather.look;
    const failed = once(stream, "error");
    stream.write("are you there?");
    const message = expect.stringContaining("does not know it any more");
    expect((await failed)[0]).toMatchObject({ code: "STREAM_LOST", message });
  });
});
