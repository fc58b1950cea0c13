/**
 * Direct streams: bytes a second through one of them, what they cost of a processor, and the memory of ten thousand that
 * are idle. Both ends are in this process.
 *
 * Floor in memory: a Transform that copies each chunk, as frames do. Floor over TCP: the bare connection. Floor of an idle
 * stream: a bare Duplex.
 */
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { Duplex, Transform } from "node:stream";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { openDirectStreams } from "../dist/mesh/stream/direct/direct-streams.js";
import { median } from "./kit/figures.mjs";
import { printReport } from "./kit/report.mjs";
import { inRounds } from "./kit/rounds.mjs";
import { scaled } from "./kit/scale.mjs";

const rounds = 5;
const bytes = scaled(1024 ** 3);
const idle = scaled(10_000, 100);
const chunk = Buffer.alloc(64 * 1024, 7);
const log = { debug() {}, info() {}, warn: console.error, error: console.error };
const target = { fromNode: "stub", toNode: "hub", service: "sink" };

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc");

// Memory first: what the other two leave behind would be taken for it.
const ofIdle = { floor: (await memoryOf(bareDuplexes)) / idle, farhand: (await memoryOf(idleStreams)) / (2 * idle) };
const inMemory = medians(await measure({ floor: copied, farhand: () => throughDirect(memoryPipes()) }));
const overTcp = medians(await measure({ floor: bareTcp, farhand: tcpDirect }));

const { rate } = inMemory;
printReport(`one direct stream of ${Math.round(bytes / 1024 ** 2)} MiB, median of ${rounds}; ${idle} idle streams`, [
  { name: "in memory", unit: "MB/s", ...rate, goal: { text: "≥ 1000 MB/s", met: rate.farhand >= 1000 } },
  { name: "in memory", unit: "CPU ms per GB", ...inMemory.cpu },
  { name: "over TCP", unit: "MB/s", ...overTcp.rate },
  { name: "over TCP", unit: "CPU ms per GB", ...overTcp.cpu },
  { name: "each end of an idle stream", unit: "bytes", ...ofIdle },
]);

async function measure(sides) {
  await inRounds(1, sides);
  return inRounds(rounds, sides);
}

function medians(measured) {
  const of = (figure) =>
    Object.fromEntries(Object.entries(measured).map(([name, all]) => [name, median(all.map((each) => each[figure]))]));
  return { rate: of("rate"), cpu: of("cpu") };
}

async function copied() {
  const copy = (data, _, done) => done(null, Buffer.from(data));
  const through = new Transform({ highWaterMark: 256 * 1024, transform: copy });
  return transfer(through, through);
}

async function bareTcp() {
  const { left, right, close } = await tcpPair();
  const result = await transfer(left, right);
  close();
  return result;
}

async function tcpDirect() {
  const { left, right, close } = await tcpPair();
  const result = await throughDirect([tcpPipe(left), tcpPipe(right)]);
  close();
  return result;
}

async function throughDirect([stubPipe, hubPipe]) {
  let theirs;
  openDirectStreams(hubPipe, { isInitiator: false, log, accept: (request) => void (theirs = request.accept()) });
  const stub = openDirectStreams(stubPipe, {
    isInitiator: true,
    log,
    accept: (request) => request.refuse("BLOCKED", ""),
  });
  const ours = await stub.open(target);
  return transfer(ours, theirs);
}

/** From the first byte written to the last one read: MB/s, and processor time of both ends. */
async function transfer(writable, readable) {
  let got = 0;
  readable.on("data", (data) => (got += data.length));
  const over = new Promise((resolve) => readable.on("end", resolve));
  const before = process.cpuUsage();
  const start = performance.now();
  for (let sent = 0; sent < bytes; sent += chunk.length) if (!writable.write(chunk)) await once(writable, "drain");
  writable.end();
  await over;
  const ms = performance.now() - start;
  if (got < bytes) throw new Error(`${got} bytes came instead of ${bytes}`);
  const { user, system } = process.cpuUsage(before);
  return { rate: got / 1e3 / ms, cpu: (user + system) / 1e3 / (got / 1e9) };
}

async function memoryOf(make) {
  // Once for nothing: code that is compiled on the way is no stream's.
  await make();
  const before = await used();
  const made = await make();
  const after = await used();
  if (made.length < idle) throw new Error("some were not made");
  return after - before;
}

async function used() {
  for (let turn = 0; turn < 3; turn++) {
    await new Promise(setImmediate);
    collectGarbage();
  }
  return process.memoryUsage().heapUsed;
}

async function bareDuplexes() {
  return Array.from({ length: idle }, () => new Duplex({ read() {}, write() {} }));
}

async function idleStreams() {
  const [stubPipe, hubPipe] = memoryPipes();
  const made = [];
  openDirectStreams(hubPipe, { isInitiator: false, log, accept: (request) => void made.push(request.accept()) });
  const stub = openDirectStreams(stubPipe, {
    isInitiator: true,
    log,
    accept: (request) => request.refuse("BLOCKED", ""),
  });
  made.push(...(await Promise.all(Array.from({ length: idle }, () => stub.open(target)))));
  return made;
}

/** Two ends whose frames cross in the next turn of the event loop. */
function memoryPipes() {
  const ends = [memoryEnd(), memoryEnd()];
  ends[0].peer = ends[1];
  ends[1].peer = ends[0];
  return ends;
}

function memoryEnd() {
  let events;
  let queue = [];
  const deliver = () => {
    const frames = queue;
    const wasHigh = end.queuedBytes > end.highWaterBytes;
    queue = [];
    end.queuedBytes = 0;
    for (const frame of frames) end.peer.give(frame);
    if (wasHigh) events.drained();
  };
  const end = {
    maxFrameBytes: 65_536,
    highWaterBytes: 1024 ** 2,
    queuedBytes: 0,
    start: (given) => void (events = given),
    give: (frame) => events.frame(frame),
    send: (frame) => {
      if (queue.push(frame) === 1) setImmediate(deliver);
      end.queuedBytes += frame.length;
    },
    cut: (error) => {
      throw error;
    },
  };
  return end;
}

async function tcpPair() {
  const server = createServer({ noDelay: true }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const incoming = once(server, "connection");
  const left = connect({ port: server.address().port, host: "127.0.0.1", noDelay: true });
  const [right] = await incoming;
  server.close();
  const close = () => {
    left.destroy();
    right.destroy();
  };
  return { left, right, close };
}

/** Frames with four bytes of length before them. */
function tcpPipe(socket) {
  let rest = Buffer.alloc(0);
  const take = (data, events) => {
    let all = rest.length === 0 ? data : Buffer.concat([rest, data]);
    while (all.length >= 4 && all.length >= 4 + all.readUInt32BE()) {
      const end = 4 + all.readUInt32BE();
      events.frame(all.subarray(4, end));
      all = all.subarray(end);
    }
    rest = all;
  };
  return {
    maxFrameBytes: 65_536,
    highWaterBytes: 1024 ** 2,
    get queuedBytes() {
      return socket.writableLength;
    },
    start: (events) => {
      socket.on("data", (data) => take(data, events));
      socket.on("drain", () => events.drained());
    },
    send: (frame) => {
      const head = Buffer.alloc(4);
      head.writeUInt32BE(frame.length);
      socket.cork();
      socket.write(head);
      socket.write(frame);
      socket.uncork();
    },
    cut: (error) => {
      throw error;
    },
  };
}
