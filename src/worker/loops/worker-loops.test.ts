import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test, vi } from "vitest";
import { silentLog } from "#core";
import type { HelperTask, HelperWelcome } from "#fleet";
import type { LoopSettings } from "#work";
import { managedWorker, type RpcReply, socketClient, streamClient } from "../../../test/kit/managed-worker.ts";
import { isRunning } from "../../../test/kit/processes.ts";
import { eventually, openTestNode, outputOf, type TestNode, type Unit } from "../../../test/kit/units.ts";
import { HelperTokens } from "./helper-tokens.ts";
import { openWorkerLoops } from "./worker-loops.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const render: LoopSettings = {
  ...{ kind: "loop", workType: "render", params: "", allowRuntimeParams: true, isRemote: false },
  ...{ leaseMs: 60_000, attempts: 3, output: "live", onServiceLoss: "finish", serviceLossMs: 60_000 },
};
const far: LoopSettings = { ...render, workType: "far", isRemote: true };
const instance = "0123456789abcdef";
const hello = { protocols: [1], version: "9", instance, slots: 1 };

/** A loop in another language: it hands on what was handed over to it, and waits to be ended. */
const handedOn = (file: string) =>
  ["sh", "-c", `'cat <&3 > ${file}.new && mv ${file}.new ${file}; exec sleep 600'`].join(" ");

interface Client extends Disposable {
  call(method: string, params?: object): Promise<RpcReply>;
  /** The result, which must be one. */
  ask<T = unknown>(method: string, params?: object): Promise<T>;
}

async function client(path: string): Promise<Client> {
  const socket = await socketClient(path);
  const ask = async <T>(method: string, params?: object) => {
    const { result, error } = await socket.call(method, params);
    if (error) throw new Error(`${method}: ${error.data.code} ${error.message}`);
    return result as T;
  };
  return { call: socket.call, ask, [Symbol.dispose]: () => socket[Symbol.dispose]() };
}

/** A worker whose only helper is one that has handed on its address and token. */
async function withHelper(type: Partial<LoopSettings> = {}) {
  const node = await openTestNode({ workTypes: [] });
  const file = node.folder.file("handed");
  const local = { program: { kind: "loop", line: handedOn(file) }, min: 1, max: 1, idleMs: 60_000 } as const;
  await node.reopen({ workTypes: [{ ...render, local, ...type }, far] });
  const open = () => openWorkerLoops({ units: node.units, dataDir: node.dataDir, nodeId: "alpha", log: silentLog });
  const loops = { now: await open() };
  await eventually("it has handed on what it got", () => existsSync(file));
  const handed = JSON.parse(readFileSync(file, "utf8")) as { socket: string; token: string };
  const pid = loops.now.pids[0] ?? 0;
  return {
    ...{ node, file, pid, handed },
    loops,
    restart: async (more: () => Promise<void> = async () => {}, changed: Partial<LoopSettings> = {}) => {
      await loops.now.close();
      node.close();
      await more();
      await node.reopen({ workTypes: [{ ...render, local, ...type, ...changed }, far] });
      loops.now = await open();
    },
    [Symbol.asyncDispose]: async () => {
      await loops.now.close();
      for (const left of loops.now.pids) kill(left);
      await node[Symbol.asyncDispose]();
    },
  };
}

function kill(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It is gone already.
  }
}

async function submit(node: TestNode, type = "render"): Promise<Unit> {
  return await node.start("", { type, params: "", input: "in" });
}

const base64 = (text: string) => Buffer.from(text).toString("base64");

describe("CAT-84: a loop over the socket", () => {
  test("hello, next, payload, output, progress, log, beat, done, bye", async () => {
    await using worker = await withHelper();
    const unit = await submit(worker.node);
    using loop = await client(worker.handed.socket);
    const welcome = await loop.ask<HelperWelcome>("helper.hello", { ...hello, token: worker.handed.token });
    expect(welcome).toMatchObject({ protocol: 1, beatEveryMs: 10_000, serviceLossMs: 60_000, held: [] });
    expect(welcome.types).toEqual([
      { workType: "render", leaseMs: 60_000, cancelGraceMs: 10_000, onServiceLoss: "finish" },
    ]);
    const next = await loop.ask<{ task: HelperTask }>("helper.next", { waitMs: 30_000 });
    expect(next).toEqual({
      kind: "task",
      task: {
        ...{ task: unit.id, fence: 1, workType: "render", params: "", attempt: 1 },
        ...{ leaseMs: 60_000, payloadBytes: 2, outputBytes: 0 },
      },
    });
    const claim = { task: unit.id, fence: 1 };
    expect(await loop.ask("helper.payload", { ...claim, offset: 0 })).toEqual({ bytes: base64("in"), isEnd: true });
    const output = { ...claim, offset: 0, bytes: base64("out") };
    expect(await loop.ask("helper.output", output)).toEqual({ size: 3, word: "continue" });
    expect(await loop.ask("helper.progress", { ...claim, percent: 50, text: "half" })).toEqual({ word: "continue" });
    expect(unit.report().Detail).toBe("Running: 50 %, half");
    expect(await loop.ask("helper.log", { ...claim, lines: ["a line"] })).toEqual({ word: "continue" });
    const beat = { waitMs: 0, tasks: [{ ...claim, known: "continue" }] };
    expect(await loop.ask("helper.beat", beat)).toEqual({ tasks: [{ ...claim, word: "continue" }] });
    expect(await loop.ask("helper.done", { ...claim, exitCode: 0, outputBytes: 3 })).toEqual({ recorded: true });
    expect(await loop.ask("helper.bye")).toEqual({});
    expect(unit.status).toMatchObject({ State: 2, ExitCode: 0, StdoutSize: 3 });
    expect(outputOf(unit)).toBe("out");
  });

  test("CAT-85: with another fence nothing is taken", async () => {
    await using worker = await withHelper();
    const unit = await submit(worker.node);
    using loop = await client(worker.handed.socket);
    await loop.ask("helper.hello", { ...hello, token: worker.handed.token });
    await loop.ask("helper.next", { waitMs: 30_000 });
    const claim = { task: unit.id, fence: 2 };
    const reply = await loop.call("helper.done", { ...claim, exitCode: 0, outputBytes: 0 });
    expect(reply.error?.data).toEqual({ code: "LEASE_LOST", status: 409 });
    const beat = await loop.ask("helper.beat", { waitMs: 30_000, tasks: [{ ...claim, known: "continue" }] });
    expect(beat).toEqual({ tasks: [{ ...claim, word: "lost" }] });
  });

  test("CAT-93: messages about one task come no faster than four a second, however they are sent", async () => {
    await using worker = await withHelper();
    const unit = await submit(worker.node);
    using loop = await client(worker.handed.socket);
    await loop.ask("helper.hello", { ...hello, token: worker.handed.token });
    await loop.ask("helper.next", { waitMs: 30_000 });
    const began = performance.now();
    for (let n = 0; n < 5; n++) await loop.ask("helper.progress", { task: unit.id, fence: 1, percent: n });
    // Four waits of a quarter of a second lie between five messages.
    expect(performance.now() - began).toBeGreaterThanOrEqual(990);
  });

  test("CAT-94: versions that do not fit are refused with both named", async () => {
    await using worker = await withHelper();
    using loop = await client(worker.handed.socket);
    const { error } = await loop.call("helper.hello", { ...hello, protocols: [7, 8], token: worker.handed.token });
    expect(error?.data.code).toBe("HELPER_UNFIT");
    expect(error?.message).toMatch(/speaks version 1 .* \(9\) 7, 8: use a helper of the worker's version/);
    const fits = await loop.ask("helper.hello", { ...hello, protocols: [7, 1], token: worker.handed.token });
    expect(fits).toMatchObject({ protocol: 1 });
  });
});

describe("CAT-86: a helper's own credential", () => {
  test("is in neither its command line nor its environment, and no file holds it", async () => {
    await using worker = await withHelper();
    const { token } = worker.handed;
    expect(token).toMatch(/^fhl_[\w-]{43}$/);
    for (const name of ["cmdline", "environ"])
      expect(readFileSync(`/proc/${worker.pid}/${name}`, "latin1")).not.toContain(token);
    const card = readFileSync(`${worker.node.dataDir}/.farhand/alpha/loops/${cardOf(worker)}`, "utf8");
    expect(card).not.toContain(token);
  });

  test("opens the tasks and nothing else", async () => {
    await using worker = await withHelper();
    using loop = await client(worker.handed.socket);
    await loop.ask("helper.hello", { ...hello, token: worker.handed.token });
    for (const method of ["config.put", "units.list", "worker.status", "worker.helperToken.create", "no.such"]) {
      const { error } = await loop.call(method);
      expect(error?.data).toEqual({ code: "LEVEL_TOO_LOW", status: 403 });
      expect(error?.message).toContain("CAT-86");
    }
  });

  test("without one, or with a wrong one, nobody is a helper", async () => {
    await using worker = await withHelper();
    using loop = await client(worker.handed.socket);
    const wrong = `fhl_${"A".repeat(43)}`;
    for (const [method, params] of [
      ["helper.next", { waitMs: 0 }],
      ["helper.hello", hello],
      ["helper.hello", { ...hello, token: wrong }],
      ["helper.bye", {}],
    ] as const)
      expect((await loop.call(method, params)).error?.data.code).toBe("HELPER_REFUSED");
  });

  test("dies with the process", async () => {
    await using worker = await withHelper();
    using loop = await client(worker.handed.socket);
    await loop.ask("helper.hello", { ...hello, token: worker.handed.token });
    kill(worker.pid);
    await eventually("it is gone", () => !isRunning(worker.pid));
    expect((await loop.call("helper.next", { waitMs: 0 })).error?.data.code).toBe("HELPER_REFUSED");
    using other = await client(worker.handed.socket);
    const again = await other.call("helper.hello", { ...hello, token: worker.handed.token });
    expect(again.error?.data.code).toBe("HELPER_REFUSED");
  });

  test("is still good at the next daemon, as long as the process lives", async () => {
    await using worker = await withHelper();
    const unit = await submit(worker.node);
    using before = await client(worker.handed.socket);
    await before.ask("helper.hello", { ...hello, token: worker.handed.token });
    await before.ask("helper.next", { waitMs: 30_000 });
    await worker.restart();
    using after = await client(worker.handed.socket);
    const { held } = await after.ask<HelperWelcome>("helper.hello", { ...hello, token: worker.handed.token });
    expect(held).toMatchObject([{ task: unit.id, fence: 1 }]);
    await after.ask("helper.done", { task: unit.id, fence: 1, exitCode: 0, outputBytes: 0 });
    expect(worker.node.units.get(unit.id).status.State).toBe(2);
  });

  test("a helper of what the work type was before goes, and one of what it is now comes", async () => {
    await using worker = await withHelper();
    await worker.restart(async () => {}, { envAllow: ["PATH"] });
    expect(worker.loops.now.pids).toEqual([worker.pid]);
    await eventually("the old one is gone", () => !worker.loops.now.pids.includes(worker.pid));
    await eventually("a new one is there", () => worker.loops.now.pids.length === 1);
  });

  test("CAT-83: a killed helper costs one attempt, and another comes in its place", async () => {
    await using worker = await withHelper();
    const unit = await submit(worker.node);
    using loop = await client(worker.handed.socket);
    await loop.ask("helper.hello", { ...hello, token: worker.handed.token });
    await loop.ask("helper.next", { waitMs: 30_000 });
    kill(worker.pid);
    await eventually("another is there", () => worker.loops.now.pids.some((pid) => pid !== worker.pid));
    await eventually("its task waits again", () => unit.status.Detail.includes("ended (SIGKILL)"));
    expect(unit.status).toMatchObject({ State: 0, Queued: true, Attempt: 1 });
  });
});

function cardOf({ node }: { readonly node: TestNode }): string {
  const names = readdirSync(`${node.dataDir}/.farhand/alpha/loops`);
  return names.find((name) => name.endsWith(".json")) ?? "";
}

describe("a hostile helper", () => {
  test("cannot speak for another's task, whatever it guesses of it", async () => {
    await using worker = await withPort();
    const theirs = await submit(worker.node);
    using honest = await client(worker.socket);
    await honest.ask("helper.hello", hello);
    await honest.ask("helper.next", { waitMs: 30_000 });
    const { token } = worker.loops.tokens.create({ workTypes: ["far"], expiresInMs: aDay });
    using hostile = await streamClient(worker, bearer(token));
    await hostile.call("helper.hello", { ...hello, workTypes: ["far", "render"] });
    const claim = { task: theirs.id, fence: 1 };
    for (const [method, params] of [
      ["helper.payload", { ...claim, offset: 0 }],
      ["helper.output", { ...claim, offset: 0, bytes: base64("forged") }],
      ["helper.progress", { ...claim, percent: 99 }],
      ["helper.log", { ...claim, lines: ["forged"] }],
      ["helper.done", { ...claim, exitCode: 0, outputBytes: 0 }],
      ["helper.fail", { ...claim, error: "forged", retryable: false }],
      ["helper.release", claim],
    ] as const)
      expect((await hostile.call(method, params)).error?.data).toEqual({ code: "LEASE_LOST", status: 409 });
    await submit(worker.node);
    expect((await hostile.call("helper.next", { waitMs: 0 })).result).toEqual({ kind: "nothing" });
    expect(theirs.status).toMatchObject({ State: 1, Detail: expect.stringContaining("socket-") });
    expect(existsSync(theirs.folder.stdout)).toBe(false);
  });

  test("is held to the shapes: paths, negative places, huge pieces and forged ids are refused unread", async () => {
    await using worker = await withPort();
    const { token } = worker.loops.tokens.create({ workTypes: ["far"], expiresInMs: aDay });
    using hostile = await streamClient(worker, bearer(token));
    await hostile.call("helper.hello", hello);
    for (const [method, params] of [
      ["helper.payload", { task: "../../etc/passwd", fence: 1, offset: 0 }],
      ["helper.payload", { task: "abcdefgh", fence: 0, offset: 0 }],
      ["helper.output", { task: "abcdefgh", fence: 1, offset: -1, bytes: "" }],
      ["helper.output", { task: "abcdefgh", fence: 1, offset: 0, bytes: "A".repeat(800_000) }],
      ["helper.output", { task: "abcdefgh", fence: 1, offset: 0, bytes: "no base64!" }],
      ["helper.log", { task: "abcdefgh", fence: 1, lines: ["x".repeat(5_000)] }],
      ["helper.next", { waitMs: 86_400_000 }],
      ["helper.hello", { ...hello, instance: "../x" }],
    ] as const)
      expect((await hostile.call(method, params)).error?.data.code).toBe("PARAMS_INVALID");
  });

  test("does not come through a server", async () => {
    await using worker = await withPort();
    const served = worker.management.table.get("helper.hello");
    const caller = { name: "ann", level: "admin", carrier: "forwarded" } as const;
    const context = { caller, id: "1", signal: AbortSignal.timeout(1_000) };
    expect(() => served?.run(hello, context)).toThrow(expect.objectContaining({ code: "HELPER_REFUSED" }));
  });
});

/** A managed worker with a type for helpers from elsewhere, over HTTPS. */
async function withPort() {
  const node = await openTestNode({ workTypes: [render, far] });
  const loops = await openWorkerLoops({ units: node.units, dataDir: node.dataDir, nodeId: "alpha", log: silentLog });
  const more = { units: node.units, more: loops.methods, helperTokens: loops.tokens };
  const worker = await managedWorker({ api: "https", more });
  const close = async () => {
    await worker[Symbol.asyncDispose]();
    await loops.close();
    await node[Symbol.asyncDispose]();
  };
  return { ...worker, node, loops, [Symbol.asyncDispose]: close };
}

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
const aDay = 86_400_000;

describe("CAT-87: helpers from elsewhere", () => {
  test("come with a token that was made for it, by the worker's port, and get tasks of its types", async () => {
    await using worker = await withPort();
    using local = await client(worker.socket);
    const made = { workTypes: ["far"], expiresInMs: aDay };
    const { token } = await local.ask<{ token: string }>("worker.helperToken.create", made);
    using stream = await streamClient(worker, bearer(token));
    const { result } = await stream.call("helper.hello", hello);
    expect(result).toMatchObject({ types: [{ workType: "far" }] });
    await submit(worker.node);
    const unit = await submit(worker.node, "far");
    expect((await stream.call("helper.next", { waitMs: 30_000 })).result).toMatchObject({ task: { task: unit.id } });
    await stream.call("helper.done", { task: unit.id, fence: 1, exitCode: 0, outputBytes: 0 });
    expect(unit.status.State).toBe(2);
    for (const method of ["config.put", "worker.status", "worker.helperToken.list", "notices.subscribe"])
      expect((await stream.call(method)).error?.data).toEqual({ code: "LEVEL_TOO_LOW", status: 403 });
  });

  test("a token is for one helper at a time; the same one may come again", async () => {
    await using worker = await withPort();
    const { token } = worker.loops.tokens.create({ workTypes: ["far"], expiresInMs: aDay });
    using first = await streamClient(worker, bearer(token));
    await first.call("helper.hello", hello);
    using second = await streamClient(worker, bearer(token));
    const other = { ...hello, instance: "another-instance" };
    expect((await second.call("helper.hello", other)).error?.data.code).toBe("HELPER_TAKEN");
    expect((await second.call("helper.hello", hello)).error).toBeUndefined();
    await second.call("helper.bye");
    expect((await second.call("helper.hello", other)).error).toBeUndefined();
    expect((await first.call("helper.next", { waitMs: 0 })).error?.data.code).toBe("HELPER_REFUSED");
  });

  test("a revoked token cuts its helper off, and what it had waits again", async () => {
    await using worker = await withPort();
    using local = await client(worker.socket);
    const made = { workTypes: ["far"], expiresInMs: aDay };
    const { id, token } = await local.ask<{ id: string; token: string }>("worker.helperToken.create", made);
    const unit = await submit(worker.node, "far");
    using stream = await streamClient(worker, bearer(token));
    await stream.call("helper.hello", hello);
    await stream.call("helper.next", { waitMs: 30_000 });
    const { tokens } = await local.ask<{ tokens: object[] }>("worker.helperToken.list");
    expect(tokens).toMatchObject([{ id, workTypes: ["far"], inUse: true }]);
    expect(JSON.stringify(tokens)).not.toContain(token);
    await local.ask("worker.helperToken.revoke", { id });
    expect(await stream.closed).toBe(1008);
    expect(unit.status).toMatchObject({ State: 0, Queued: true });
    await expect(streamClient(worker, bearer(token))).rejects.toThrow("401");
  });

  test("a token is for types that allow it, for a time, over TLS, and for streams alone", async () => {
    await using worker = await withPort();
    using local = await client(worker.socket);
    const refused = await local.call("worker.helperToken.create", { workTypes: ["render"], expiresInMs: aDay });
    expect(refused.error?.data.code).toBe("HELPER_REFUSED");
    await using plain = await managedWorker({ api: "http", more: { helperTokens: worker.loops.tokens } });
    const { token } = worker.loops.tokens.create({ workTypes: ["far"], expiresInMs: aDay });
    await expect(streamClient(plain, bearer(token))).rejects.toThrow("401");
    const wrong = bearer(`fhh_${"A".repeat(43)}`);
    await expect(streamClient(worker, wrong)).rejects.toThrow("401");
  });

  test("CAT-95: helpers.remote, when it is not allowed, lets none in and gives none a task; what one has it may finish", async () => {
    await using worker = await withPort();
    const { token } = worker.loops.tokens.create({ workTypes: ["far"], expiresInMs: aDay });
    using stream = await streamClient(worker, bearer(token));
    await stream.call("helper.hello", hello);
    const unit = await submit(worker.node, "far");
    await stream.call("helper.next", { waitMs: 30_000 });
    worker.loops.allowElsewhere(false);
    const done = await stream.call("helper.done", { task: unit.id, fence: 1, exitCode: 0, outputBytes: 0 });
    expect(done.result).toEqual({ recorded: true });
    expect((await stream.call("helper.next", { waitMs: 0 })).error?.data.code).toBe("HELPER_REFUSED");
    const { error } = await stream.call("helper.hello", hello);
    expect(error?.message).toContain("helpers.remote");
  });

  test("tokens are kept over a restart, hashed, and none is good when they cannot be read", async () => {
    await using node = await openTestNode();
    let now = 1_000;
    const clock = { now: () => now, elapsed: () => 0, sleep: () => Promise.resolve() };
    const file = node.folder.file("tokens/tokens.json");
    const open = () => new HelperTokens({ file, clock, log: silentLog });
    const { token } = open().create({ workTypes: ["far"], expiresInMs: 1_000 });
    expect(readFileSync(file, "utf8")).not.toContain(token);
    expect(open().find(token)?.workTypes).toEqual(["far"]);
    now = 2_000;
    expect(open().find(token)).toBeUndefined();
    writeFileSync(file, "[{");
    now = 1_500;
    expect(open().find(token)).toBeUndefined();
  });
});

test("whoever may operate the worker may do its work: a helper on the management socket needs no token", async () => {
  await using worker = await withPort();
  const unit = await submit(worker.node);
  using local = await client(worker.socket);
  await local.ask("helper.hello", { ...hello, workTypes: ["render"] });
  expect(await local.ask("helper.next", { waitMs: 30_000 })).toMatchObject({ task: { task: unit.id } });
});

test("CAT-92: a loop of one's own that uses more than its type allows is ended with its task, which is not tried again", async () => {
  await using worker = await withHelper({ maxMemoryBytes: 1 });
  // While it has nothing to do, nobody minds what it uses.
  expect(isRunning(worker.pid)).toBe(true);
  const unit = await submit(worker.node);
  using loop = await client(worker.handed.socket);
  await loop.ask("helper.hello", { ...hello, token: worker.handed.token });
  await loop.ask("helper.next", { waitMs: 30_000 });
  await eventually("its task has ended", () => unit.isFinal);
  expect(unit.status).toMatchObject({ State: 3, Cause: "MEMORY_LIMIT", Attempt: 1 });
  await eventually("it is gone", () => !isRunning(worker.pid));
});
