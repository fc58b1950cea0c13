import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { silentLog } from "#core";
import { DatagramNet } from "../../../../test/kit/datagram-net.ts";
import { MeshError } from "../../errors.ts";
import type { DialOptions, MeshStream } from "../stream.ts";
import type { QuicLimits } from "./limits.ts";
import { openQuicStreams, type QuicStreamEngine } from "./quic-streams.ts";

const noProfiles = { server: () => undefined, client: () => undefined };

type Node = QuicStreamEngine & AsyncDisposable;

function openNode(net: DatagramNet, nodeId: string, limits: Partial<QuicLimits> = {}): Node {
  const streams = openQuicStreams({ nodeId, openDatagrams: net.node(nodeId), tls: noProfiles, log: silentLog, limits });
  return Object.assign(streams, { [Symbol.asyncDispose]: () => streams.close() });
}

/** A stream of each side. */
interface Ends {
  readonly near: MeshStream;
  readonly far: MeshStream;
}

async function connect(from: Node, to: Node, service = "svc", options: DialOptions = {}): Promise<Ends> {
  const accepted = new Promise<MeshStream>((resolve) => to.listen(service, { accept: resolve }));
  const near = await from.dial("beta", service, options);
  return { near, far: await accepted };
}

/** By events: an async iterator would destroy the stream behind its end, and with it the other direction. */
async function textOf(stream: MeshStream): Promise<string> {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(stream, "end");
  return Buffer.concat(chunks).toString();
}

async function sizeOf(stream: MeshStream): Promise<number> {
  let bytes = 0;
  stream.on("data", (chunk: Buffer) => (bytes += chunk.length));
  await once(stream, "end");
  return bytes;
}

async function closed(stream: MeshStream): Promise<void> {
  if (!stream.closed) await once(stream, "close");
}

/** Resolves when only the named sockets are open. */
async function onlySockets(net: DatagramNet, ...names: string[]): Promise<void> {
  while (net.sockets.length > names.length) await sleep(5);
  expect(net.sockets).toEqual(names);
}

describe("a stream", () => {
  test("carries bytes both ways and tells each side who the other is", async () => {
    const net = new DatagramNet();
    await using alpha = openNode(net, "alpha");
    await using beta = openNode(net, "beta");
    const { near, far } = await connect(alpha, beta);
    expect([near.remoteNode, near.remoteService]).toEqual(["beta", "svc"]);
    expect(far.remoteNode).toBe("alpha");
    expect(far.remoteService).toMatch(/^eph/);
    near.end("ping");
    expect(await textOf(far)).toBe("ping");
    far.end("pong");
    expect(await textOf(near)).toBe("pong");
  });

  test("carries what the listener says first", async () => {
    const net = new DatagramNet();
    await using alpha = openNode(net, "alpha");
    await using beta = openNode(net, "beta");
    const { near, far } = await connect(alpha, beta);
    far.write("banner");
    expect(String(await once(near, "data"))).toBe("banner");
  });

  test.each(["near", "far"] as const)("half-closed by its %s end goes on in the other direction", async (first) => {
    const net = new DatagramNet();
    await using alpha = openNode(net, "alpha");
    await using beta = openNode(net, "beta");
    const ends = await connect(alpha, beta);
    const [one, other] = first === "near" ? [ends.near, ends.far] : [ends.far, ends.near];
    one.end("first");
    expect(await textOf(other)).toBe("first");
    const rest = textOf(one);
    for (let n = 0; n < 5; n++) {
      other.write(`${n} `);
      await sleep(5);
    }
    other.end("end");
    expect(await rest).toBe("0 1 2 3 4 end");
    await Promise.all([closed(one), closed(other)]);
  });

  test("once finished on both sides is closed by the dialer, and nothing is left of it", async () => {
    const net = new DatagramNet();
    await using alpha = openNode(net, "alpha", { dialerLingerMs: 10 });
    await using beta = openNode(net, "beta");
    beta.listen("echo", { accept: (stream) => void pipeline(stream, stream) });
    const stream = await alpha.dial("beta", "echo", {});
    stream.end("x");
    expect(await textOf(stream)).toBe("x");
    await onlySockets(net, "beta:echo");
  });

  test("destroyed by its listener without an end reads as an ordinary end at the dialer, whose writes then fail", async () => {
    const net = new DatagramNet();
    await using alpha = openNode(net, "alpha");
    await using beta = openNode(net, "beta");
    const { near, far } = await connect(alpha, beta);
    far.write("something");
    expect(String(await once(near, "data"))).toBe("something");
    far.destroy();
    near.resume();
    await once(near, "end");
    await closed(near);
    expect(near.errored).toBeNull();
    expect(near.writable).toBe(false);
  });

  test("destroyed by its dialer without an end is broken at the listener: half a payload is not a payload", async () => {
    const net = new DatagramNet();
    await using alpha = openNode(net, "alpha");
    await using beta = openNode(net, "beta");
    const { near, far } = await connect(alpha, beta);
    near.write("something");
    expect(String(await once(far, "data"))).toBe("something");
    far.resume();
    near.destroy();
    const [error] = (await once(far, "error")) as [Error];
    expect(error).toMatchObject({ code: "STREAM_LOST", message: expect.stringContaining("before its end") });
  });

  test("destroyed with an error is broken at the other side, whichever it is", async () => {
    const net = new DatagramNet();
    await using alpha = openNode(net, "alpha");
    await using beta = openNode(net, "beta");
    const { near, far } = await connect(alpha, beta);
    far.write("something");
    expect(String(await once(near, "data"))).toBe("something");
    near.resume();
    far.on("error", () => {}).destroy(new Error("the disk is full"));
    const [error] = (await once(near, "error")) as [Error];
    expect(error.message).toContain("broken off (code 1)");
  });

  test("to a node that has started anew ends as soon as that is known; another stays", async () => {
    const net = new DatagramNet();
    await using alpha = openNode(net, "alpha", { probeMs: 300 });
    const before = openNode(net, "beta");
    const { near } = await connect(alpha, before);
    // A process that is killed says nothing, and the next one knows nothing.
    net.forget("beta:svc");
    await using beta = openNode(net, "beta");
    const { near: fresh, far } = await connect(alpha, beta);
    const broken = once(near, "error") as Promise<[Error]>;
    alpha.probe((node) => node === "beta");
    expect((await broken)[0]).toMatchObject({ code: "STREAM_LOST" });
    await sleep(400);
    fresh.end("still here");
    expect(await textOf(far)).toBe("still here");
    await before.close();
  });

  test("over roads that lose messages has short datagrams both ways", async () => {
    let longest = 0;
    const net = new DatagramNet({
      look: (payload) => {
        longest = Math.max(longest, payload.length);
        return true;
      },
    });
    const streams = { tls: noProfiles, log: silentLog, isSteady: () => false };
    const alpha = openQuicStreams({ nodeId: "alpha", openDatagrams: net.node("alpha"), ...streams });
    await using beta = openNode(net, "beta");
    beta.listen("echo", { accept: (stream) => void pipeline(stream, stream) });
    const stream = await alpha.dial("beta", "echo", {});
    const size = sizeOf(stream);
    stream.end(Buffer.alloc(300_000));
    expect(await size).toBe(300_000);
    expect(longest).toBeLessThanOrEqual(1200);
    await alpha.close();
  });

  test("destroyed after its end still delivers that, all of it", async () => {
    const net = new DatagramNet({ loss: 0.05 });
    await using alpha = openNode(net, "alpha");
    await using beta = openNode(net, "beta");
    const { near, far } = await connect(alpha, beta);
    const size = sizeOf(far);
    near.end(Buffer.alloc(200_000));
    await once(near, "finish");
    near.destroy();
    expect(await size).toBe(200_000);
  });

  test("lets a reader finish that is slower than the close of the far end", async () => {
    const net = new DatagramNet();
    await using alpha = openNode(net, "alpha");
    await using beta = openNode(net, "beta", { listenerLingerMs: 10 });
    const { near, far } = await connect(alpha, beta);
    near.end();
    far.resume().end(Buffer.alloc(450_000));
    await closed(far);
    // The listener has closed the connection long ago.
    await sleep(200);
    expect(await sizeOf(near)).toBe(450_000);
  });

  test("fails a writer whose far end has closed, though nobody reads what came before", async () => {
    const net = new DatagramNet();
    await using alpha = openNode(net, "alpha", { farewellMs: 20 });
    await using beta = openNode(net, "beta");
    const { near, far } = await connect(alpha, beta);
    far.write("unread");
    await once(near, "readable");
    far.destroy();
    const failed = new Promise((resolve) => near.once("error", resolve));
    const writing = setInterval(() => near.write("more"), 5);
    expect(await failed).toMatchObject({ code: "STREAM_LOST", message: expect.stringContaining("closed the stream") });
    clearInterval(writing);
  });

  test("fails it only when a slow reader has read everything", async () => {
    const net = new DatagramNet();
    await using alpha = openNode(net, "alpha", { farewellMs: 500 });
    await using beta = openNode(net, "beta", { farewellMs: 20, listenerLingerMs: 10 });
    const { near, far } = await connect(alpha, beta);
    far.resume().end(Buffer.alloc(200_000));
    await once(far, "finish");
    await once(near, "readable");
    await sleep(200);
    far.destroy();
    const failed = new Promise((resolve) => near.once("error", resolve));
    await sleep(200);
    near.write("more");
    let read = 0;
    // Many small reads: all together take far longer than the farewell.
    while (read < 200_000 && !near.destroyed) {
      await sleep(20);
      read += (near.read(2_000) ?? []).length;
    }
    expect(read).toBe(200_000);
    near.resume();
    expect(await failed).toMatchObject({ code: "STREAM_LOST" });
  });

  test("holds a writer back when nobody reads, and all arrives when somebody does", async () => {
    const net = new DatagramNet();
    await using alpha = openNode(net, "alpha");
    await using beta = openNode(net, "beta");
    const { near, far } = await connect(alpha, beta);
    const block = Buffer.alloc(64 * 1024, "b");
    let written = 0;
    let idle = 0;
    while (idle < 20) {
      idle = near.writableNeedDrain ? idle + 1 : 0;
      if (near.writableNeedDrain) await sleep(10);
      else {
        near.write(block);
        written += block.length;
        await sleep(0);
      }
    }
    expect(written).toBeLessThan(2 * 1024 * 1024);
    near.end();
    expect(await sizeOf(far)).toBe(written);
  });

  test("carries many small writes and large ones alike", async () => {
    const net = new DatagramNet();
    await using alpha = openNode(net, "alpha");
    await using beta = openNode(net, "beta");
    const { near, far } = await connect(alpha, beta);
    const received = textOf(far);
    const sent: string[] = [];
    for (let n = 0; n < 2000; n++) {
      const piece = n % 100 === 0 ? String(n).repeat(10_000) : n % 7 === 0 ? "" : `${n},`;
      sent.push(piece);
      if (!near.write(piece)) await once(near, "drain");
      if (n % 50 === 0) await sleep(0);
    }
    near.end();
    expect(await received).toBe(sent.join(""));
  });

  test("is lost when the far end falls silent", async () => {
    const net = new DatagramNet();
    await using alpha = openNode(net, "alpha", { idleMs: 1000 });
    await using beta = openNode(net, "beta");
    const { near, far } = await connect(alpha, beta);
    net.weather.loss = 1;
    const errors = await Promise.all(
      [near, far].map((stream) => new Promise((resolve) => stream.once("error", resolve))),
    );
    expect(errors).toEqual([
      expect.objectContaining({ code: "STREAM_LOST", message: expect.stringContaining("beta:svc") }),
      expect.objectContaining({ code: "STREAM_LOST" }),
    ]);
  });

  test("that is idle is kept alive by its dialer", async () => {
    const net = new DatagramNet();
    await using alpha = openNode(net, "alpha", { idleMs: 1_000, keepAliveMs: 100 });
    await using beta = openNode(net, "beta");
    const { near, far } = await connect(alpha, beta);
    await sleep(2000);
    near.end("still there");
    expect(await textOf(far)).toBe("still there");
  });

  test("survives a route that is away for a while", async () => {
    const net = new DatagramNet();
    await using alpha = openNode(net, "alpha");
    await using beta = openNode(net, "beta");
    const { near, far } = await connect(alpha, beta);
    const missedThree = new Promise<void>((resolve) => {
      let missed = 0;
      net.weather.look = () => {
        if (++missed === 3) resolve();
        throw new MeshError("NO_ROUTE", "no route to node");
      };
    });
    near.end("after the flap");
    await missedThree;
    delete net.weather.look;
    expect(await textOf(far)).toBe("after the flap");
  });

  test("ends with an error when the far end's service is gone", async () => {
    const net = new DatagramNet();
    await using alpha = openNode(net, "alpha");
    await using beta = openNode(net, "beta");
    const accepted = new Promise<MeshStream>((resolve) => listeners.push(beta.listen("svc", { accept: resolve })));
    const near = await alpha.dial("beta", "svc", {});
    await accepted;
    // Its last word gets lost, so that only the next datagram finds nobody.
    net.weather.look = (_datagram, from) => from !== "beta:svc";
    await listeners.pop()?.close();
    near.write("anybody there?");
    const [error] = await once(near, "error");
    expect(error).toMatchObject({ code: "SERVICE_UNKNOWN", message: "service unknown: beta:svc" });
  });
});

const listeners: { close(): Promise<void> }[] = [];

describe("streams", () => {
  test("100 at once carry their own bytes over a network that loses, doubles and reorders", async () => {
    const net = new DatagramNet({ loss: 0.04, reorder: 0.05, duplicate: 0.05 });
    await using alpha = openNode(net, "alpha");
    await using beta = openNode(net, "beta");
    beta.listen("echo", { accept: (stream) => void pipeline(stream, stream).catch(() => {}) });
    await Promise.all(
      Array.from({ length: 100 }, async () => {
        const stream = await alpha.dial("beta", "echo", {});
        const bytes = randomBytes(100_000);
        stream.end(bytes);
        const hash = createHash("sha256");
        for await (const chunk of stream) hash.update(chunk as Buffer);
        expect(hash.digest()).toEqual(createHash("sha256").update(bytes).digest());
      }),
    );
  });

  test("reach a node's own services, also as localhost", async () => {
    const net = new DatagramNet();
    await using alpha = openNode(net, "alpha");
    alpha.listen("echo", { accept: (stream) => void pipeline(stream, stream) });
    for (const name of ["alpha", "localhost", "LocalHost"]) {
      const stream = await alpha.dial(name, "echo", {});
      expect(stream.remoteNode).toBe("alpha");
      stream.end(name);
      expect(await textOf(stream)).toBe(name);
    }
  });

  test("between nodes of different datagram sizes keep to the smaller", async () => {
    const net = new DatagramNet();
    await using alpha = openNode(net, "alpha");
    await using beta = openNode(net, "beta", { maxDatagramBytes: 1452 });
    let longest = 0;
    net.weather.look = ({ length }) => {
      longest = Math.max(longest, length);
      return true;
    };
    const { near, far } = await connect(alpha, beta);
    near.end(Buffer.alloc(100_000));
    expect(await sizeOf(far)).toBe(100_000);
    expect(longest).toBeLessThanOrEqual(1452);
  });

  test("end with an error on both sides when their node closes", async () => {
    const net = new DatagramNet();
    const alpha = openNode(net, "alpha");
    const beta = openNode(net, "beta");
    const { near, far } = await connect(alpha, beta);
    const nearError = once(near, "error");
    const farError = once(far, "error");
    await beta.close();
    expect(await farError).toEqual([expect.objectContaining({ code: "MESH_CLOSED" })]);
    // A datagram of the dialer's that was under way finds nobody, and the answer to that may come first.
    expect(["STREAM_REFUSED", "SERVICE_UNKNOWN"]).toContain((await nearError)[0].code);
    await alpha.close();
    await onlySockets(net);
  });
});

describe("dial()", () => {
  test("fails at once when the node has no such service", async () => {
    const net = new DatagramNet();
    await using alpha = openNode(net, "alpha");
    await using beta = openNode(net, "beta");
    beta.listen("svc", { accept: () => {} });
    const unknown = { code: "SERVICE_UNKNOWN", message: "service unknown: beta:nosuch" };
    await expect(alpha.dial("beta", "nosuch", {})).rejects.toMatchObject(unknown);
    await expect(alpha.dial("localhost", "nosuch", {})).rejects.toMatchObject({ code: "SERVICE_UNKNOWN" });
    await onlySockets(net, "beta:svc");
  });

  test("is not ended by what is said of other places, or of other problems", async () => {
    const net = new DatagramNet();
    await using beta = openNode(net, "beta");
    beta.listen("svc", { accept: (stream) => stream.end("welcome") });
    const openDatagrams = net.node("gamma");
    const streams = openQuicStreams({
      nodeId: "gamma",
      openDatagrams: (service, events) => {
        const socket = openDatagrams(service, events);
        return {
          ...socket,
          send: (node, to, payload) => {
            const report = { reporter: "relay", toNode: node, toService: to, problem: "service unknown" };
            events.unreachable({ ...report, toNode: "other" });
            events.unreachable({ ...report, toService: "other" });
            events.unreachable({ ...report, problem: "message expired" });
            events.unreachable({ ...report, problem: "blocked by firewall" });
            socket.send(node, to, payload);
          },
        };
      },
      tls: noProfiles,
      log: silentLog,
    });
    expect(await textOf(await streams.dial("beta", "svc", {}))).toBe("welcome");
    await streams.close();
  });

  test("gives up after its time and says what was in the way", async () => {
    const net = new DatagramNet();
    await using alpha = openNode(net, "alpha", { handshakeMs: 50 });
    net.weather.loss = 1;
    const silent = { code: "TIMEOUT", message: "beta:svc did not answer in time" };
    await expect(alpha.dial("beta", "svc", {})).rejects.toMatchObject(silent);
    net.weather.look = () => {
      throw new MeshError("NO_ROUTE", "no route to node");
    };
    const noRoute = { code: "TIMEOUT", message: "beta:svc did not answer in time (no route to node)" };
    await expect(alpha.dial("beta", "svc", {})).rejects.toMatchObject(noRoute);
    await onlySockets(net);
  });

  test("waits for a route that comes later", async () => {
    const net = new DatagramNet();
    await using alpha = openNode(net, "alpha");
    await using beta = openNode(net, "beta");
    beta.listen("svc", { accept: (stream) => stream.end("welcome") });
    let missed = 0;
    net.weather.look = () => {
      if (missed++ >= 1) delete net.weather.look;
      throw new MeshError("NO_ROUTE", "no route to node");
    };
    expect(await textOf(await alpha.dial("beta", "svc", {}))).toBe("welcome");
  });

  test("ends with the reason of its signal", async () => {
    const net = new DatagramNet({ loss: 1 });
    await using alpha = openNode(net, "alpha");
    const reason = new Error("user cancelled");
    await expect(alpha.dial("beta", "svc", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const aborter = new AbortController();
    const dial = alpha.dial("beta", "svc", { signal: aborter.signal });
    while (net.sockets.length === 0) await sleep(1);
    aborter.abort(reason);
    await expect(dial).rejects.toBe(reason);
    await onlySockets(net);
  });

  test("leaves a stream alone whose signal fires after it was opened", async () => {
    const net = new DatagramNet();
    await using alpha = openNode(net, "alpha");
    await using beta = openNode(net, "beta");
    const aborter = new AbortController();
    const { near, far } = await connect(alpha, beta, "svc", { signal: aborter.signal });
    aborter.abort();
    near.end("on");
    expect(await textOf(far)).toBe("on");
  });

  test("fails when the node closes, before and after", async () => {
    const net = new DatagramNet({ loss: 1 });
    const alpha = openNode(net, "alpha");
    const dial = alpha.dial("beta", "svc", {});
    while (net.sockets.length === 0) await sleep(1);
    await alpha.close();
    await expect(dial).rejects.toMatchObject({ code: "MESH_CLOSED" });
    await expect(alpha.dial("beta", "svc", {})).rejects.toMatchObject({ code: "MESH_CLOSED" });
    expect(() => alpha.listen("svc", { accept: () => {} })).toThrow(expect.objectContaining({ code: "MESH_CLOSED" }));
    await onlySockets(net);
  });

  test("says so where there is no QUIC engine", async () => {
    const net = new DatagramNet();
    const loadEngine = () => Promise.reject(new MeshError("QUIC_UNAVAILABLE", "no QUIC engine for sunos-sparc"));
    const openDatagrams = net.node("alpha");
    const logged: string[] = [];
    const log = { ...silentLog, error: (message: string) => logged.push(message) };
    const streams = openQuicStreams({ nodeId: "alpha", openDatagrams, tls: noProfiles, log, loadEngine });
    await expect(streams.dial("beta", "svc", {})).rejects.toMatchObject({ code: "QUIC_UNAVAILABLE" });
    streams.listen("svc", { accept: () => {} });
    net
      .node("beta")(undefined, { received: () => {}, unreachable: () => {} })
      .send("alpha", "svc", randomBytes(1200));
    while (logged.length === 0) await sleep(1);
    expect(logged).toEqual(["no streams for service svc: no QUIC engine for sunos-sparc"]);
    await streams.close();
  });
});
