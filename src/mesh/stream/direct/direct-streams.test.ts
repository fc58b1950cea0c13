import { once } from "node:events";
import type { Duplex } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { silentLog } from "#core";
import { memoryPipes, tcpPipes, type TestPipe } from "../../../../test/kit/direct-pipes.ts";
import { MeshError } from "../../errors.ts";
import type { DirectRequest } from "./direct-request.ts";
import { type DirectStreams, openDirectStreams } from "./direct-streams.ts";
import { decodeFrame, encodeFrame, type Frame } from "./frames.ts";
import { type DirectLimits, directLimits } from "./limits.ts";

const MiB = 1024 * 1024;
const target = (service: string) => ({ fromNode: "stub", toNode: "hub", service });

/** Services by name: each gets the stream that was accepted for it. */
type Services = Readonly<Record<string, (stream: Duplex, request: DirectRequest) => void>>;

const services: Services = {
  echo: (stream) => void pipeline(stream, stream).catch(() => {}),
  sink: (stream) => void stream.resume().on("end", () => stream.end()),
  quiet: () => {},
};

function serve(extra: Services = {}) {
  return (request: DirectRequest): void => {
    const service = { ...services, ...extra }[request.service];
    if (service) service(request.accept(), request);
    else request.refuse("SERVICE_UNKNOWN", `no service ${request.service}`);
  };
}

const opened: TestPipe[] = [];
afterEach(() => {
  for (const pipe of opened.splice(0)) pipe.break();
});

interface Ends<P extends TestPipe> {
  readonly stub: DirectStreams;
  readonly hub: DirectStreams;
  readonly stubPipe: P;
  readonly hubPipe: P;
}

function join<P extends TestPipe>(
  [stubPipe, hubPipe]: [P, P],
  accept = serve(),
  limits: Partial<DirectLimits> = {},
): Ends<P> {
  opened.push(stubPipe, hubPipe);
  const stub = openDirectStreams(stubPipe, { isInitiator: true, accept: serve(), log: silentLog, limits });
  const hub = openDirectStreams(hubPipe, { isInitiator: false, accept, log: silentLog, limits });
  return { stub, hub, stubPipe, hubPipe };
}

/** Bytes that tell where they belong. */
function pattern(length: number, seed = 0): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let at = 0; at < length; at++) bytes[at] = (at * 31 + (at >> 8) + seed) & 0xff;
  return bytes;
}

/** Everything up to the end. Unlike `for await` it leaves the other direction alone. */
async function buffer(stream: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  await finished(stream, { writable: false });
  return Buffer.concat(chunks);
}

const text = async (stream: Duplex): Promise<string> => (await buffer(stream)).toString();

async function exchange(stream: Duplex, bytes: Uint8Array): Promise<Buffer> {
  stream.end(bytes);
  return buffer(stream);
}

const pipes: readonly [string, () => Promise<[TestPipe, TestPipe]>][] = [
  ["memory", async () => memoryPipes()],
  ["TCP", tcpPipes],
];

describe.each(pipes)("streams over a pipe of %s", (_, makePipes) => {
  test("carry bytes both ways, from either side", async () => {
    const { stub, hub } = join(await makePipes());
    const [fromStub, fromHub] = await Promise.all([stub.open(target("echo")), hub.open(target("echo"))]);
    expect(fromStub).toMatchObject({ remoteNode: "hub", remoteService: "echo" });
    expect((await exchange(fromStub, pattern(3 * MiB))).equals(pattern(3 * MiB))).toBe(true);
    expect((await exchange(fromHub, Buffer.from("hello"))).toString()).toBe("hello");
  });

  test("run a hundred at once", async () => {
    const { stub } = join(await makePipes());
    const all = Array.from({ length: 100 }, async (_, n) => {
      const sent = pattern(100_000 + n, n);
      return (await exchange(await stub.open(target("echo")), sent)).equals(sent);
    });
    expect(await Promise.all(all)).toEqual(all.map(() => true));
  });

  test("are forgotten on both sides when both directions are over", async () => {
    const { stub, hub } = join(await makePipes());
    const streams = await Promise.all(Array.from({ length: 20 }, () => stub.open(target("echo"))));
    expect([stub.count, hub.count]).toEqual([20, 20]);
    await Promise.all(streams.map((stream) => exchange(stream, Buffer.from("x"))));
    const after = await stub.open(target("echo"));
    expect([stub.count, hub.count]).toEqual([1, 1]);
    after.destroy();
  });

  test("end in one direction while the other goes on", async () => {
    const heard: string[] = [];
    const late: Services = {
      late: (stream) =>
        void text(stream).then((request) => {
          heard.push(request);
          stream.end(`answer to ${request}`);
        }),
    };
    const { stub } = join(await makePipes(), serve(late));
    const stream = await stub.open(target("late"));
    stream.end("question");
    expect(await text(stream)).toBe("answer to question");
    expect(heard).toEqual(["question"]);
  });

  test("break with STREAM_LOST when the road is cut in the middle, and none opens afterwards", async () => {
    const { stub, hub, stubPipe } = join(await makePipes());
    const streams = await Promise.all(Array.from({ length: 5 }, () => stub.open(target("quiet"))));
    for (const stream of streams) stream.write(pattern(MiB));
    const errors = Promise.all(streams.map(async (stream) => (await once(stream, "error"))[0]));
    const waiting = stub.open(target("quiet")).catch((error: unknown) => error);
    stubPipe.break(new Error("cable pulled"));
    expect(await errors).toEqual(streams.map(() => expect.objectContaining({ code: "STREAM_LOST" })));
    expect(await waiting).toMatchObject({ code: "STREAM_LOST" });
    await expect(stub.open(target("echo"))).rejects.toMatchObject({ code: "STREAM_LOST" });
    await expect.poll(() => [stub.count, hub.count]).toEqual([0, 0]);
  });

  test("go on when one of them is not read", async () => {
    const { stub } = join(await makePipes());
    const stalled = await stub.open(target("quiet"));
    stalled.write(pattern(8 * MiB));
    const sent = pattern(8 * MiB, 7);
    expect((await exchange(await stub.open(target("echo")), sent)).equals(sent)).toBe(true);
    expect(stalled.writableLength).toBe(8 * MiB);
    stalled.destroy();
  });
});

describe("open()", () => {
  test("fails with the reason of the far end", async () => {
    const accept = (request: DirectRequest): void => {
      if (request.service === "throws") throw new MeshError("BLOCKED", "not you");
      if (request.service === "defect") throw new TypeError("undefined is not a secret");
      request.refuse("SERVICE_UNKNOWN", `no service ${request.service} on ${request.toNode} for ${request.fromNode}`);
    };
    const { stub, hub } = join(memoryPipes(), accept);
    const unknown = { code: "SERVICE_UNKNOWN", message: "no service nope on hub for stub" };
    await expect(stub.open(target("nope"))).rejects.toMatchObject(unknown);
    await expect(stub.open(target("throws"))).rejects.toMatchObject({ code: "BLOCKED", message: "not you" });
    const defect = { code: "STREAM_REFUSED", message: "the service failed" };
    await expect(stub.open(target("defect"))).rejects.toMatchObject(defect);
    expect([stub.count, hub.count]).toEqual([0, 0]);
  });

  test("ends with its signal, and the far end hears of it", async () => {
    const requests: DirectRequest[] = [];
    const { stub, hub } = join(memoryPipes(), (request) => void requests.push(request));
    const dial = new AbortController();
    const opening = stub.open(target("slow"), { signal: dial.signal });
    await expect.poll(() => requests.length).toBe(1);
    dial.abort(new Error("changed my mind"));
    await expect(opening).rejects.toThrow("changed my mind");
    await expect.poll(() => requests[0]!.signal.aborted).toBe(true);
    expect(() => requests[0]!.accept()).toThrow("the dial was given up");
    expect([stub.count, hub.count]).toEqual([0, 0]);
    await expect(stub.open(target("slow"), { signal: dial.signal })).rejects.toThrow("changed my mind");
  });

  test("may be answered later", async () => {
    const requests: DirectRequest[] = [];
    const { stub } = join(memoryPipes(), (request) => void requests.push(request));
    const opening = stub.open(target("slow"), { priority: "control" });
    await expect.poll(() => requests.length).toBe(1);
    expect(requests[0]).toMatchObject({ service: "slow", fromNode: "stub", toNode: "hub", priority: "control" });
    const theirs = requests[0]!.accept();
    theirs.end("at last");
    expect(await text(await opening)).toBe("at last");
    expect(theirs.remoteNode).toBe("stub");
  });

  test("refuses more streams than a link may have, on either side", async () => {
    const [stubPipe, hubPipe] = memoryPipes();
    opened.push(stubPipe, hubPipe);
    const few = { accept: serve(), log: silentLog, limits: { streams: 2 } };
    const stub = openDirectStreams(stubPipe, { ...few, isInitiator: true, limits: {} });
    const hub = openDirectStreams(hubPipe, { ...few, isInitiator: false });
    const two = [await stub.open(target("echo")), await stub.open(target("echo"))];
    await expect(stub.open(target("echo"))).rejects.toMatchObject({ code: "STREAM_REFUSED" });
    // The other direction has room of its own.
    two.push(await hub.open(target("echo")), await hub.open(target("echo")));
    await expect(hub.open(target("echo"))).rejects.toMatchObject({ code: "STREAM_REFUSED" });
    two[0]!.destroy();
    expect(await text((await stub.open(target("echo"))).end("room again"))).toBe("room again");
  });

  test("gives a stream that breaks at once to its caller before it breaks", async () => {
    const { stub } = join(memoryPipes(), serve({ fail: (stream) => stream.destroy(new MeshError("TIMEOUT", "late")) }));
    const stream = await stub
      .open(target("fail"))
      .then((opened) => opened)
      .finally(() => {});
    expect((await once(stream, "error"))[0]).toMatchObject({ code: "TIMEOUT" });
  });

  test("refuses a name that does not fit", async () => {
    const { stub } = join(memoryPipes());
    const long = { ...target("echo"), toNode: "x".repeat(256) };
    await expect(stub.open(long)).rejects.toMatchObject({ code: "STREAM_REFUSED" });
    expect(stub.count).toBe(0);
  });
});

describe("destroy()", () => {
  test("without an error reads as an ordinary end at the far end, after what came before", async () => {
    const give: Services = { give: (stream) => stream.write("all I have", () => stream.destroy()) };
    const { stub } = join(memoryPipes(), serve(give));
    const stream = await stub.open(target("give"));
    expect(await text(stream)).toBe("all I have");
    stream.write("too late");
    const [error] = await once(stream, "error");
    expect(error).toMatchObject({ code: "STREAM_LOST", message: "hub:give closed the stream" });
  });

  test("without an error fails what the far end has not sent, once it has read", async () => {
    const { stub } = join(memoryPipes(), serve({ brief: (stream) => setImmediate(() => stream.destroy()) }));
    const stream = await stub.open(target("brief"));
    const failed = new Promise((resolve) => stream.write(pattern(MiB), resolve));
    expect(await failed).toMatchObject({ code: "STREAM_LOST", message: "hub:brief closed the stream" });
  });

  /** The far end says `length` bytes and closes in order once they are on their way. */
  const leaveAfter = (length: number): Services => ({
    leave: (stream) => {
      stream.write(pattern(length));
      stream.once("readable", () => stream.destroy());
    },
  });

  test.each(["before", "after"])("fails a writer %s it, though nobody reads what came", async (when) => {
    const { stub, hub } = join(memoryPipes(), serve(leaveAfter(1000)), { farewellMs: 20 });
    const stream = await stub.open(target("leave"));
    const failed = once(stream, "error");
    stream.write(when === "before" ? pattern(2 * MiB) : "x");
    await expect.poll(() => [stub.count, hub.count]).toEqual([0, 0]);
    if (when === "after") stream.write("too late");
    const [error] = await failed;
    expect(error).toMatchObject({ code: "STREAM_LOST", message: "hub:leave closed the stream" });
  });

  test("lets a slow reader finish, although a writer waits to hear of it", async () => {
    const { stub } = join(memoryPipes(), serve(leaveAfter(100_000)), { farewellMs: 500 });
    const stream = await stub.open(target("leave"));
    const failed = once(stream, "error");
    stream.write(pattern(2 * MiB));
    await expect.poll(() => stub.count).toBe(0);
    let read = 0;
    // Many small reads: all together take far longer than the farewell.
    while (read < 100_000 && !stream.destroyed) {
      await sleep(20);
      read += ((stream.read(Math.min(1000, stream.readableLength)) as Buffer | null) ?? []).length;
    }
    expect(read).toBe(100_000);
    // So that the end is noticed, as by any reader who goes on.
    stream.resume();
    expect((await failed)[0]).toMatchObject({ code: "STREAM_LOST", message: "hub:leave closed the stream" });
  });

  test.each([
    ["the link is lost", "STREAM_LOST", (pipe: TestPipe) => pipe.break(new Error("cable pulled"))],
    ["its own node closes", "MESH_CLOSED", (_: TestPipe, streams: DirectStreams) => streams.close()],
  ] as const)("fails a writer at once when %s", async (_, code, happen) => {
    // A farewell that never ends.
    const { stub, stubPipe } = join(memoryPipes(), serve(leaveAfter(1000)), { farewellMs: 2 ** 30 });
    const stream = await stub.open(target("leave"));
    const failed = once(stream, "error");
    stream.write(pattern(2 * MiB));
    await expect.poll(() => stub.count).toBe(0);
    expect(stream.destroyed).toBe(false);
    happen(stubPipe, stub);
    expect((await failed)[0]).toMatchObject({ code });
  });

  test("with an error says at the far end what went wrong", async () => {
    const gone = new MeshError("NO_CONNECTION", "the next node is gone");
    const { stub } = join(memoryPipes(), serve({ fail: (stream) => stream.destroy(gone) }));
    const stream = await stub.open(target("fail"));
    await expect(text(stream)).rejects.toMatchObject({ code: "NO_CONNECTION", message: gone.message });
  });

  test("keeps the texts of other errors to itself", async () => {
    const { stub } = join(memoryPipes(), serve({ fail: (stream) => stream.destroy(new Error("/etc/secret")) }));
    const stream = await stub.open(target("fail"));
    const error = { code: "STREAM_REFUSED", message: expect.not.stringContaining("secret") };
    await expect(text(stream)).rejects.toMatchObject(error);
  });
});

describe("close()", () => {
  test("breaks off every stream on both sides and refuses new ones", async () => {
    const theirs: Duplex[] = [];
    const { stub, hub } = join(memoryPipes(), serve({ keep: (stream) => void theirs.push(stream) }));
    const stream = await stub.open(target("keep"));
    const errors = Promise.all([once(stream, "error"), once(theirs[0]!, "error")]);
    hub.close();
    expect((await errors).flat()).toEqual([
      expect.objectContaining({ code: "MESH_CLOSED" }),
      expect.objectContaining({ code: "MESH_CLOSED" }),
    ]);
    await expect(stub.open(target("keep"))).rejects.toMatchObject({ code: "MESH_CLOSED" });
    await expect(hub.open(target("keep"))).rejects.toMatchObject({ code: "MESH_CLOSED" });
    expect([stub.count, hub.count]).toEqual([0, 0]);
  });
});

describe("the order on the link", () => {
  const dataOf = (pipe: TestPipe) =>
    pipe.sent.map((bytes) => decodeFrame(bytes)).filter((frame): frame is Frame => frame?.kind === "data");

  test("streams take turns of one chunk", async () => {
    const [left, right] = memoryPipes({ keepSent: true, highWaterBytes: 0 });
    const { stub } = join([left, right]);
    const streams = await Promise.all(["sink", "sink", "sink"].map((service) => stub.open(target(service))));
    left.hold();
    for (const stream of streams) stream.write(pattern(128 * 1024));
    left.release();
    await expect.poll(() => dataOf(left).length).toBe(12);
    // The very first went while nobody else had anything to send.
    expect(dataOf(left).map(({ id }) => id)).toEqual([1, 1, 3, 5, 1, 3, 5, 1, 3, 5, 3, 5]);
  });

  test("control goes before data that waits", async () => {
    const [left, right] = memoryPipes({ keepSent: true, highWaterBytes: 100_000 });
    const { stub } = join([left, right]);
    const bulk = await stub.open(target("sink"));
    const control = await stub.open(target("sink"), { priority: "control" });
    left.hold();
    bulk.write(pattern(256 * 1024));
    control.write("urgent");
    const sentBefore = dataOf(left).length;
    left.release();
    await expect.poll(() => dataOf(left).length).toBe(9);
    expect(dataOf(left)[sentBefore]!.id).toBe(3);
  });

  test("a link that is full gets no more data than it can take soon", async () => {
    const [left, right] = memoryPipes({ highWaterBytes: 100_000 });
    const { stub } = join([left, right]);
    const streams = await Promise.all(Array.from({ length: 20 }, () => stub.open(target("sink"))));
    left.hold();
    for (const stream of streams) stream.write(pattern(256 * 1024));
    expect(left.queuedBytes).toBeLessThanOrEqual(100_000 + 33 * 1024);
    left.release();
    await Promise.all(streams.map((stream) => exchange(stream, Buffer.alloc(0))));
  });

  test("a small request is answered while a gibibyte goes by", { timeout: 120_000 }, async () => {
    const { stub, stubPipe } = join(await tcpPipes());
    const bulk = await stub.open(target("sink"));
    const small = await stub.open(target("echo"), { priority: "control" });
    const chunk = pattern(MiB);
    const progress = { sent: 0, over: false };
    const transfer = pipeline(function* () {
      for (; progress.sent < 1024 * MiB; progress.sent += chunk.length) yield chunk;
      progress.over = true;
    }, bulk);
    let answers = 0;
    let mostBetween = 0;
    while (!progress.over) {
      const before = progress.sent;
      small.write("?");
      await once(small, "data");
      answers++;
      mostBetween = Math.max(mostBetween, progress.sent - before);
    }
    await transfer;
    small.destroy();
    expect(answers).toBeGreaterThan(20);
    // Both windows, what the kernel holds of a loopback connection, and what waits before it: not the whole transfer.
    expect(mostBetween).toBeLessThan(48 * MiB);
    expect(stubPipe.cutBy).toBeUndefined();
  });
});

describe("flow control", () => {
  test("the window grows for a reader who keeps up", async () => {
    const [left, right] = memoryPipes({ keepSent: true });
    const { stub } = join([left, right]);
    const stream = await stub.open(target("sink"));
    await exchange(stream, pattern(64 * MiB));
    const grants = right.sent.map((bytes) => decodeFrame(bytes)).filter((frame) => frame?.kind === "window");
    const credits = grants.map((frame) => (frame?.kind === "window" ? frame.credit : 0));
    expect(Math.max(...credits)).toBeGreaterThanOrEqual(directLimits.largestWindowBytes / 2);
    // Far fewer than one for each of the 2,048 chunks.
    expect(credits.length).toBeLessThan(64);
  });

  test("a reader who does not read gets what its window allows and no more", async () => {
    const theirs: Duplex[] = [];
    const { stub } = join(memoryPipes(), serve({ keep: (stream) => void theirs.push(stream) }));
    const stream = await stub.open(target("keep"));
    const sent = pattern(MiB);
    stream.end(sent);
    const probe = await stub.open(target("echo"));
    await exchange(probe, pattern(MiB));
    expect(stream.writableLength).toBe(MiB);
    expect((await buffer(theirs[0]!)).equals(sent)).toBe(true);
  });

  test("many tiny writes cross as they were written", async () => {
    const { stub } = join(memoryPipes());
    const stream = await stub.open(target("echo"));
    for (let n = 0; n < 5000; n++) stream.write(`${n},`);
    stream.end();
    expect(await text(stream)).toBe(Array.from({ length: 5000 }, (_, n) => `${n},`).join(""));
  });
});

describe("a neighbour that breaks the rules is cut", () => {
  const breaches: readonly [string, readonly Frame[]][] = [
    ["data on a stream that is not open", [{ kind: "data", id: 9, payload: Buffer.from("x") }]],
    ["more data than was granted", [{ kind: "data", id: 1, payload: Buffer.alloc(300 * 1024) }]],
    [
      "data after the end",
      [
        { kind: "fin", id: 1 },
        { kind: "data", id: 1, payload: Buffer.from("x") },
      ],
    ],
    [
      "two ends",
      [
        { kind: "fin", id: 1 },
        { kind: "fin", id: 1 },
      ],
    ],
    ["an answer nobody asked for", [{ kind: "accept", id: 2, window: 1 }]],
    ["an id that is not its own", [{ kind: "open", id: 4, priority: "data", window: 1, ...target("echo") }]],
    ["an id that was used", [{ kind: "open", id: 1, priority: "data", window: 1, ...target("echo") }]],
    [
      "grants without end",
      Array.from({ length: 300 }, () => ({ kind: "window", id: 1, credit: 2 ** 32 - 1 }) as const),
    ],
  ];

  test.each(breaches)("%s", async (_, frames) => {
    const [left, right] = memoryPipes();
    const { stub, hub } = join([left, right]);
    const stream = await stub.open(target("quiet"));
    const lost = once(stream, "error");
    for (const frame of frames) right.inject(encodeFrame(frame));
    expect(right.cutBy).toMatchObject({ code: "PACKET_INVALID" });
    expect((await lost)[0]).toMatchObject({ code: "STREAM_LOST" });
    expect([stub.count, hub.count]).toEqual([0, 0]);
  });

  test("asking without taking the answers", async () => {
    const [left, right] = memoryPipes();
    join([left, right], serve(), { unansweredBytes: 10_000 });
    right.hold();
    for (let id = 1; right.cutBy === undefined; id += 2)
      right.inject(encodeFrame({ kind: "open", id, priority: "data", window: 1, ...target("nope") }));
    expect(right.cutBy).toMatchObject({ code: "PACKET_INVALID" });
  });

  test("asking and taking it back, again and again: first refused, then cut", async () => {
    const [left, right] = memoryPipes({ keepSent: true });
    let asked = 0;
    const accept = (request: DirectRequest): void => {
      asked++;
      request.signal.addEventListener("abort", () => {});
    };
    const { hub } = join([left, right], accept, { opensAtOnce: 10, opensPerSecond: 0.001 });
    for (let id = 1; right.cutBy === undefined; id += 2) {
      right.inject(encodeFrame({ kind: "open", id, priority: "data", window: 1, ...target("slow") }));
      if (right.cutBy === undefined) right.inject(encodeFrame({ kind: "reset", id, code: 0, text: "" }));
    }
    expect(right.cutBy).toMatchObject({ code: "PACKET_INVALID" });
    expect(asked).toBe(10);
    expect(right.sent.map((frame) => decodeFrame(frame))).toEqual(
      Array.from({ length: 10 }, () => expect.objectContaining({ kind: "refuse", code: 1 })),
    );
    expect(hub.count).toBe(0);
  });

  test("but not for what it could not know: frames for a stream that just closed here", async () => {
    const [left, right] = memoryPipes();
    const { stub } = join([left, right]);
    const stream = await stub.open(target("echo"));
    stream.destroy();
    for (const kind of ["data", "window", "fin", "reset"] as const)
      left.inject(encodeFrame({ kind, id: 1, payload: Buffer.from("x"), credit: 1, code: 0, text: "" }));
    left.inject(Uint8Array.of(200, 1, 2));
    expect(await text((await stub.open(target("echo"))).end("fine"))).toBe("fine");
  });
});
