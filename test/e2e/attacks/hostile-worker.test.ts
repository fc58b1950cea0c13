import { randomUUID } from "node:crypto";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { bye, configFetch, configOutcome, heartbeat, register, RemoteError } from "#fleet";
import { openAnswer } from "../../kit/api.ts";
import { freshBuild, programs } from "../../kit/daemon.ts";
import { goesOn, type HostileWorker, hostileWorker } from "../../kit/hostile-worker.ts";
import { endMarkedProcesses, processMark } from "../../kit/marked-processes.ts";
import { type StartedProcess, startProcess } from "../../kit/processes.ts";
import { mostMib, residentMib, type ServerProcess, serverProcess } from "../../kit/server-process.ts";
import { type TempFolder, tempFolder } from "../../kit/temp-folder.ts";

/** A server as people start it, an honest worker of it, and one with a real key that means it no good (CAT-60, CAT-61). */
let folder: TempFolder;
let server: ServerProcess;
let honest: StartedProcess;
let honestId: string;
let evil: HostileWorker;
let evilId: string;

/** What the server may hold more than when it began; single attacks send a hundred times as much. */
const spareMib = 160;
const soon = () => AbortSignal.timeout(110_000);

beforeAll(async () => {
  await freshBuild();
  folder = await tempFolder();
  server = await serverProcess(folder.file("server"));
  const env = {
    ...{ HOME: folder.path, XDG_CONFIG_HOME: folder.file("c"), XDG_STATE_HOME: folder.file("s") },
    ...{ XDG_RUNTIME_DIR: folder.file("r"), ...processMark(folder.path) },
  };
  const words = ["worker", "join", server.url, "--token-file", "-", "--session", "--name", "honest"];
  const input = await server.token("honest");
  honest = await startProcess(process.execPath, [programs.farhand, ...words], { env, input });
  honestId = await server.online("honest");
  evil = await hostileWorker(folder.file("evil"), server.url, await server.token("evil"));
  evilId = evil.membership.workerId;
  await served();
}, 200_000);
afterAll(async () => {
  await evil?.[Symbol.asyncDispose]();
  await honest?.stop("SIGTERM");
  await server?.[Symbol.asyncDispose]();
  endMarkedProcesses(folder.path);
  await folder?.[Symbol.asyncDispose]();
}, 60_000);
beforeEach(() => {
  evil.answer = () => ({});
  evil.serve = (stream) => void stream.destroy();
});

/** Others are served: a unit runs on the honest worker, and its output comes back. */
async function served(): Promise<void> {
  const word = randomUUID();
  const body = { workType: "run", payload: `echo ${word}` };
  const { json, status, text } = await server.ask("POST", `/api/workers/${honestId}/units`, { body });
  expect(status, text).toBe(201);
  const path = `/api/workers/${honestId}/units/${String(json["unit"])}/output?follow=true`;
  expect((await server.ask("GET", path)).text).toBe(`${word}\n`);
}

/** Attack, while others are served. @returns what the server's memory grew by at most meanwhile, in MiB. */
async function attack(work: () => Promise<void>): Promise<number> {
  const before = residentMib(server.process.pid);
  const most = await mostMib(server.process.pid, () => Promise.all([work(), served(), served()]));
  await served();
  return most - before;
}

/** A frame of the conversation with anything in it. */
function frame(message: object | string | Uint8Array): Buffer {
  const bytes = Buffer.from(
    message instanceof Uint8Array || typeof message === "string" ? message : JSON.stringify(message),
  );
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

let numbers = 0;
function message(more: object): object {
  const { node: from, serverNode: to } = evil.membership;
  return { sequence: ++numbers, id: randomUUID(), time: Date.now(), from, to, ...more };
}

function firstWords(): Buffer {
  const params = { version: 1, session: randomUUID(), peer: null, received: 0, begun: 0 };
  const words = frame({ ...message({ kind: "ack", method: "rpc.session", params }), sequence: 0 });
  // Its calls and events are numbered from 1 on.
  numbers = 0;
  return words;
}

const call = (method: string, params: object = {}) => frame(message({ kind: "call", method, params }));

/** Say it all, as fast as it is taken; ends when the server has cut the stream. */
async function sayUntilCut(stream: Duplex, words: () => Iterable<Buffer>): Promise<void> {
  const over = closed(stream);
  stream.resume();
  for (const word of words()) {
    if (!stream.writable) break;
    if (!stream.write(word)) await drained(stream);
  }
  await over;
}

function closed(stream: Duplex): Promise<void> {
  if (stream.closed) return Promise.resolve();
  return new Promise((resolve) => stream.once("close", () => resolve()));
}

/** It takes more again, or nothing any more. */
function drained(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      stream.off("drain", settle);
      stream.off("close", settle);
      resolve();
    };
    stream.on("drain", settle);
    stream.on("close", settle);
    if (stream.closed) settle();
  });
}

const length = (bytes: number): Buffer => {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(bytes);
  return head;
};
const deep = "[".repeat(200_000);
const notConversation: readonly (readonly [string, () => Iterable<Buffer>])[] = [
  ["a message of 2 GiB", () => [firstWords(), length(2 ** 31)]],
  ["first words of 4 GiB", () => [length(2 ** 32 - 1), Buffer.alloc(65_536)]],
  ["no JSON", () => [firstWords(), frame("<script>alert(1)</script>")]],
  ["no UTF-8", () => [firstWords(), frame(Buffer.alloc(1_000, 0xff))]],
  ["JSON nested 200,000 deep", () => [firstWords(), frame(deep)]],
  ["nested within a call", () => [firstWords(), frame(JSON.stringify(message({ kind: "call" })) + deep)]],
  ["a call before its first words", () => [call("hello")]],
  [
    "words of another node",
    () => [firstWords(), frame({ ...message({}), from: "honest", kind: "event", method: "m" })],
  ],
  [
    "a field too many",
    () => [firstWords(), frame(message({ kind: "call", method: "hello", params: {}, role: "admin" }))],
  ],
  [
    "a gap in its numbers",
    () => [firstWords(), frame({ ...message({ kind: "call", method: "m", params: {} }), sequence: 9 })],
  ],
  [
    "an ack of what it was never sent",
    () => [
      firstWords(),
      frame({ ...message({ kind: "ack", method: "rpc.ack", params: { received: 1e9, begun: 1e9 } }), sequence: 0 }),
    ],
  ],
];

describe("on its conversation (CAT-60)", () => {
  test.each(notConversation)("who says %s is cut", async (_what, words) => {
    const stream = await evil.dial();
    await sayUntilCut(stream, words);
    expect(stream.destroyed).toBe(true);
  });

  test("who floods it with large calls costs a window of them, and nothing of the flood stays", async () => {
    const big = "x".repeat(900_000);
    const grown = await attack(async () => {
      const stream = await evil.dial();
      stream.resume();
      stream.write(firstWords());
      // 270 MB, as fast as they are taken; whether it is cut on the way is the server's business.
      for (let n = 0; n < 300 && stream.writable; n++)
        if (!stream.write(call("no.such.method", { big }))) await drained(stream);
      stream.destroy();
    });
    expect(grown).toBeLessThan(spareMib);
  });

  test("who sends many small calls and reads no answer costs no more than a window of them", async () => {
    const grown = await attack(async () => {
      const stream = await evil.dial();
      stream.write(firstWords());
      // Nobody reads: replies, and acks, wait at the other side.
      stream.pause();
      const waited = sleep(8_000);
      for (let n = 0; n < 50_000 && stream.writable; n++) {
        if (stream.write(call("hello", { apiVersion: { major: 1, minor: 0 } }))) continue;
        if ((await Promise.race([drained(stream), waited.then(() => "stalled")])) === "stalled") break;
      }
      stream.destroy();
    });
    expect(grown).toBeLessThan(spareMib);
  });

  test("replies to nothing, and to what others asked, are dropped (CAT-61)", async () => {
    const stream = await evil.dial();
    stream.resume();
    stream.write(firstWords());
    for (let n = 0; n < 200; n++)
      stream.write(
        frame(message({ kind: "reply", method: "forward", correlation: randomUUID(), result: { result: {} } })),
      );
    await served();
    expect(stream.destroyed).toBe(false);
    stream.destroy();
  });

  test("who says nothing, or a byte a second, is cut", async () => {
    const silent = await evil.dial();
    await sayUntilCut(silent, () => []);
    expect(silent.destroyed).toBe(true);
    const slow = await evil.dial();
    const words = firstWords();
    const dripping = setInterval(() => void slow.write(words.subarray(0, 1)), 1_000);
    await sayUntilCut(slow, () => []).finally(() => clearInterval(dripping));
  });

  test("who opens streams without end has one of them, and the others are gone", async () => {
    const streams: Duplex[] = [];
    const grown = await attack(async () => {
      for (let n = 0; n < 300; n++) {
        const stream = await evil.dial().catch(() => undefined);
        if (!stream) continue;
        stream.resume();
        stream.write(firstWords());
        streams.push(stream);
      }
    });
    expect(grown).toBeLessThan(spareMib);
    const signal = soon();
    while (streams.filter((stream) => !stream.destroyed).length > 1) await sleep(50, undefined, { signal });
    for (const stream of streams) stream.destroy();
  });
});

describe("what it says of itself and others (CAT-60)", () => {
  test("is of itself alone: no other worker's id, epoch or configuration", async () => {
    const conversation = await evil.converse();
    const beat = { ...vitals, epoch: 1_000, beat: 1 };
    await expect(conversation.call(heartbeat, beat)).rejects.toMatchObject({ code: "EPOCH_UNKNOWN" });
    const other = { ...registration(), workerId: honestId };
    await expect(conversation.call(register, other)).rejects.toMatchObject({ code: "REGISTRATION_REFUSED" });
    expect(await conversation.call(configFetch, { have: 0 })).toEqual({ state: "none" });
    expect(await server.online("honest")).toBe(honestId);
  });

  test("does not reach other workers: no service of theirs, however it is called", async () => {
    await evil.converse();
    for (const service of ["fleet", "control", "ping"]) {
      const dial = evil.mesh.dial("honest", service, { tls: "farhand-fleet", signal: AbortSignal.timeout(6_000) });
      await expect(dial, service).rejects.toBeInstanceOf(Error);
    }
    expect(honest.stdout() + honest.stderr()).not.toContain("evil");
  });

  test("is measured: a heartbeat beyond all bounds is refused, and shown to nobody", async () => {
    const conversation = await evil.converse();
    const lies = [{ cpuPercent: 1e9 }, { memoryUsedBytes: -1 }, { unitsRunning: 1e300 }, { state: "<b>fine</b>" }];
    for (const lie of lies)
      await expect(
        conversation.call(heartbeat, { ...vitals, epoch: 1, beat: 1, ...lie } as never),
      ).rejects.toMatchObject({
        code: "PARAMS_INVALID",
      });
    const shown = await server.ask("GET", `/api/workers/${evilId}`);
    expect(shown.text).not.toMatch(/1e\+?(9|300)|<b>/);
  });
});

describe("the way back (CAT-60)", () => {
  const status = { method: "worker.status", params: {} };
  const askEvil = async (body: object = status) => {
    const socket = await connection();
    try {
      return await server.ask("POST", `/api/workers/${evilId}/rpc`, {
        body,
        headers: { "x-connection": socket.handle },
      });
    } finally {
      socket.close();
    }
  };

  test.each<readonly [string, unknown]>([
    ["nothing", null],
    ["a page", "<html><script>alert(1)</script></html>"],
    ["headers", { status: 302, headers: { "set-cookie": "farhand_session=evil", location: "https://evil.test" } }],
    ["units that are none", { units: Array.from({ length: 100_000 }, () => ({})) }],
    ["a prototype", JSON.parse('{"__proto__": {"admin": true}, "constructor": {"prototype": {"admin": true}}}')],
  ])("an answer that is %s is none of the method's, and reaches nobody", async (_what, answer) => {
    await evil.converse();
    evil.answer = () => answer;
    const got = await askEvil();
    expect(got).toMatchObject({ status: 502, json: { code: "REPLY_INVALID" } });
    expect(got.text).not.toMatch(/script|evil|alert|__proto__/);
    requireOwnHeaders(got.headers);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  test.each([301, 302, 401, 407, 511])("a fault with the status %i is not the server's own", async (code) => {
    await evil.converse();
    evil.answer = () => {
      throw new RemoteError({
        code: "CREDENTIAL_INVALID",
        message: "<img src=x onerror=alert(1)>",
        status: Math.max(code, 400),
      });
    };
    const got = await askEvil();
    const expected = code === 401 || code === 407 || code === 511 ? 502 : 400;
    expect(got.status).toBe(expected);
    expect(got.headers["content-type"]).toMatch(/^application\/problem\+json/);
    requireOwnHeaders(got.headers);
  });

  test("who never answers keeps nobody waiting for ever, and the others are served meanwhile", async () => {
    await evil.converse();
    evil.answer = () => new Promise(() => {});
    const grown = await attack(async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => askEvil()));
      for (const { status: code, json } of answers) expect([code, json.code]).toEqual([503, "WORKER_UNREACHABLE"]);
    });
    expect(grown).toBeLessThan(spareMib);
  });

  test("an output without end is taken no faster than its reader reads, and held nowhere", async () => {
    await evil.converse();
    let sent = 0;
    evil.serve = async (stream) => {
      goesOn(stream, { state: 1, stateName: "Running", size: 0 });
      const chunk = Buffer.alloc(65_536, "<script>");
      for (; stream.writable && sent < 2 ** 31; sent += chunk.length) if (!stream.write(chunk)) await drained(stream);
    };
    const grown = await attack(async () => {
      const reader = new AbortController();
      const path = `/api/workers/${evilId}/units/AbCd1234/output?follow=true`;
      const answer = await openAnswer(server.port, "GET", path, { auth: server.auth, signal: reader.signal });
      expect(answer.headers["content-type"]).toBe("application/octet-stream");
      expect(answer.headers["x-content-type-options"]).toBe("nosniff");
      requireOwnHeaders(answer.headers);
      // Nobody reads: the worker gets rid of some buffers full, and of no more.
      answer.on("error", () => {});
      for (let before = -1; before !== sent; await sleep(1_500)) before = sent;
      expect(sent).toBeGreaterThan(0);
      reader.abort();
    });
    expect(grown).toBeLessThan(spareMib);
    expect(sent).toBeLessThan(64 * 2 ** 20);
  });

  test("an output that is longer than announced breaks off, and is not taken for whole", async () => {
    await evil.converse();
    evil.serve = async (stream) => {
      goesOn(stream, { state: 2, stateName: "Succeeded", size: 5 });
      stream.write("five!and more that nobody asked for".repeat(10_000));
    };
    await expect(server.ask("GET", `/api/workers/${evilId}/units/AbCd1234/output`)).rejects.toBeInstanceOf(Error);
  });

  test("an opened stream that says a byte a second is given up", async () => {
    await evil.converse();
    evil.serve = async (stream) => {
      const words = frame({ result: { state: 1, stateName: "Running", size: 0 } });
      for (const byte of words) {
        if (!stream.writable) return;
        stream.write(Buffer.of(byte));
        await sleep(1_000);
      }
    };
    const got = await server.ask("GET", `/api/workers/${evilId}/units/AbCd1234/output`);
    expect(got).toMatchObject({ status: 503, json: { code: "WORKER_UNREACHABLE" } });
  });

  test("what it hears of a user is no password, no token, and nothing that opens another worker (CAT-44)", async () => {
    await evil.converse();
    const heard: string[] = [];
    evil.answer = (body) => void heard.push(JSON.stringify(body));
    await askEvil();
    expect(heard).toEqual([JSON.stringify(status)]);
    expect(server.auth["authorization"]).toMatch(/^Bearer fhs_/);
  });
});

test("who has very much to report fills no database", async () => {
  const labels = { labels: { "farhand/config": "some" } };
  expect((await server.ask("PATCH", `/api/workers/${evilId}`, { body: labels })).status).toBe(200);
  const conversation = await evil.converse();
  const codes = new Set<string>();
  for (let n = 0; n < 500; n++) {
    const said = { version: n, outcome: "failed" as const, detail: `a\0b ${n}`.padEnd(1_000, "x") };
    const last = { reason: "stopped" as const, detail: `${n}`, unitsRunning: 0 };
    const ends = await Promise.allSettled([conversation.call(configOutcome, said), conversation.call(bye, last)]);
    for (const end of ends) codes.add(end.status === "fulfilled" ? "done" : (end.reason as RemoteError).code);
  }
  expect([...codes].sort()).toEqual(["RATE_LIMITED", "done"]);
  const { json } = await server.ask("GET", `/api/workers/${evilId}/events?limit=500`);
  expect(json.items.length).toBeLessThan(200);
  // Whoever holds back for a while is heard again; the next test has something to say.
  const more = () =>
    conversation.call(configOutcome, { version: 1, outcome: "applied", detail: "" }).then(
      () => "done",
      (error: RemoteError) => error.code,
    );
  await expect.poll(more, { timeout: 60_000, interval: 2_500 }).toBe("done");
  await sleep(5_000);
});

test("after all of it the worker can be removed, and stays away", async () => {
  await evil.converse();
  expect((await server.ask("DELETE", `/api/workers/${evilId}`)).status).toBe(204);
  await expect(evil.dial()).rejects.toBeInstanceOf(Error);
  expect((await server.ask("GET", `/api/workers/${evilId}`)).status).toBe(404);
  await served();
  const { code, signal: by } = await server.process.stop("SIGTERM");
  expect([code, by]).toEqual([0, null]);
});

/** What the server says on its own: no header that a worker would like to set. */
function requireOwnHeaders(headers: Readonly<Record<string, unknown>>): void {
  const wished = ["set-cookie", "location", "www-authenticate", "service-worker-allowed", "refresh", "clear-site-data"];
  const given = Object.keys(headers).filter((name) => wished.includes(name) || name.startsWith("access-control-"));
  expect(given).toEqual([]);
  expect(headers["x-content-type-options"]).toBe("nosniff");
}

/** A connection handle of the admin's session (CAT-47). */
async function connection() {
  const { openSocket } = await import("../../kit/api.ts");
  const opened = await openSocket(`wss://127.0.0.1:${server.port}/api/connection`, server.auth);
  const { connection: handle } = await opened.next();
  return { handle: String(handle), close: () => opened.socket.terminate() };
}

const vitals = {
  ...{ state: "registered" as const, cpuPercent: 1, memoryUsedBytes: 1, memoryTotalBytes: 2, loadAverage1m: 0 },
  ...{ loadAverage5m: 0, loadAverage15m: 0, diskFreeBytes: 1, diskTotalBytes: 2, uptimeSeconds: 1 },
  ...{ machineUptimeSeconds: 1, responseTimeMs: 1, clockOffsetMs: 0, helpersRunning: 0, helpersBusy: 0 },
  ...{ helperSlots: 1, unitsRunning: 0, unitsPending: 0 },
};

/** A registration whose form is right, and nothing else of it. */
function registration() {
  const bytes = (count: number): string => Buffer.alloc(count, 7).toString("base64url");
  return {
    ...{ nonce: bytes(32), signature: "x".repeat(88), publicKey: "x".repeat(60), forwardSecret: bytes(32) },
    ...{ instanceNonce: bytes(16), name: "honest", machineIdHash: "0".repeat(64), hostName: "h" },
    ...{
      serviceVersion: "0.1.0",
      mode: "session" as const,
      startedAtMs: 1,
      capabilities: [],
      labels: {},
    },
    helperSlots: 1,
  };
}
