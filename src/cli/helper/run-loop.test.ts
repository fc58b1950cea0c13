import { createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { type Clock, systemClock } from "#core";
import { rpcErrorOf } from "#fleet";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { eventually } from "../../../test/kit/units.ts";
import { runLoop } from "./run-loop.ts";
import type { TaskProgram } from "./task-command.ts";

/** All waits of the helper are a hundredth of what they are. */
const hasty: Clock = { ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms / 100, signal) };
const welcome = {
  ...{ protocol: 1, helper: "h", serviceVersion: "1", beatEveryMs: 600_000, serviceLossMs: 600_000, held: [] },
  types: [{ workType: "t", leaseMs: 60_000, cancelGraceMs: 1_000, onServiceLoss: "finish" }],
};
const paused = (ms: number) => systemClock.sleep(ms);
const never = () => new Promise<never>(() => {});

type Params = Record<string, unknown>;
type Answers = Record<string, (params: Params, nth: number) => unknown>;

const taskOf = (script: string, n = 0) => ({
  ...{ task: `t${n}`, fence: 1, workType: "t", params: `-c '${script}'`, attempt: 1 },
  ...{ leaseMs: 60_000, payloadBytes: 0, outputBytes: 0 },
});

const sh: TaskProgram = { command: "sh", args: [] };

/** What a played worker throws: a code. */
class Refusal extends Error {}

/** A worker that is only played, and has these commands for one helper. What it hears is noted. */
async function played(commands: readonly string[], answers: Answers = {}, slots = 1, program = sh) {
  const folder = await tempFolder();
  const [path, heard, sockets] = [folder.file("s"), [] as { method: string; params: Params }[], new Set<Socket>()];
  const all = (method: string) => heard.filter((one) => one.method === method).map(({ params }) => params);
  const left = commands.map(taskOf);
  const usual: Answers = {
    "helper.hello": () => welcome,
    "helper.next": () => (left.length === 0 ? never() : { kind: "task", task: left.shift() }),
    "helper.payload": () => ({ bytes: "", isEnd: true }),
    "helper.output": () => ({ size: 0, word: "continue" }),
    "helper.log": () => ({ word: "continue" }),
    "helper.beat": () => paused(10).then(() => ({ tasks: [] })),
    "helper.done": () => ({ recorded: true }),
    "helper.fail": () => ({ again: false }),
    "helper.bye": () => ({}),
  };
  const answer = async (text: string) => {
    const { id, method, params } = JSON.parse(text) as { id: string; method: string; params: Params };
    heard.push({ method, params });
    try {
      const given = { ...usual, ...answers }[method];
      return { id, result: await given?.(params, all(method).length) };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { id, error: rpcErrorOf({ code: error.message, message: "refused", status: 500 }) };
    }
  };
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}));
    const say = async (line: string) => void socket.write(`${JSON.stringify(await answer(line))}\n`);
    createInterface(socket)
      .on("line", (line) => void say(line))
      .on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const [leave, stop] = [new AbortController(), new AbortController()];
  const over = runLoop({
    ...{ address: { kind: "socket", path }, workTypes: undefined, slots, clock: hasty, say: () => {} },
    ...{ program, leave: leave.signal, stop: stop.signal },
  });
  over.catch(() => {});
  return {
    ...{ folder, over, all, leave: () => leave.abort() },
    /** What it says of a method's n-th call, which must come. */
    said: (method: string, nth = 1) => eventually(`${method} is called`, () => all(method)[nth - 1]),
    [Symbol.asyncDispose]: async () => {
      leave.abort();
      stop.abort();
      for (const socket of sockets) socket.destroy();
      server.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

test("output that waits for a slow worker is no output that nobody writes: its end is told", async () => {
  const slow = () => paused(400).then(() => ({ size: 4, word: "continue" }));
  await using at = await played(["head -c 120000 /dev/zero; exit 3"], { "helper.output": slow });
  expect(await at.said("helper.done")).toMatchObject({ exitCode: 3, outputBytes: 120_000 });
});

test("output that somebody else holds open is given up, and the end is told", async () => {
  await using at = await played(["setsid sleep 5 & echo out; exit 3"]);
  expect(await at.said("helper.done")).toMatchObject({ exitCode: 3, outputBytes: 4 });
});

test("a command that any signal ends has ended by it, those of real time too, and never as if it were done", async () => {
  for (const [signal, name] of [
    [9, "SIGKILL"],
    [15, "SIGTERM"],
    [34, "SIG34"],
    [64, "SIG64"],
  ] as const) {
    await using at = await played([`echo out; kill -${signal} $$`]);
    expect(await at.said("helper.done")).toMatchObject({ signal: name, outputBytes: 4 });
  }
  await using at = await played(["kill -34 0; sleep 60"]);
  expect(await at.said("helper.done")).toMatchObject({ signal: "SIG34" });
});

test("a command may hear a signal to its group, and end as it likes", async () => {
  await using at = await played([`trap "echo heard; exit 7" USR1; kill -USR1 0; sleep 60`]);
  expect(await at.said("helper.done")).toMatchObject({ exitCode: 7, outputBytes: 6 });
});

test("what has its watcher killed has been killed", async () => {
  await using at = await played(["kill -9 $PPID; sleep 60"]);
  expect(await at.said("helper.done")).toMatchObject({ signal: "SIGKILL" });
});

test("a command that cannot be started says why", async () => {
  for (const [command, why] of [
    ["/no/such/command", /ENOENT/],
    ["/etc/passwd", /EACCES/],
  ] as const) {
    await using at = await played([""], {}, 1, { command, args: [] });
    expect(await at.said("helper.fail")).toMatchObject({ retryable: false, error: expect.stringMatching(why) });
  }
});

test("a payload that comes when its command has ended keeps nobody from telling the end", async () => {
  const late = () => paused(300).then(() => ({ bytes: "A".repeat(400_000), isEnd: false }));
  await using at = await played(["exit 3"], { "helper.payload": late });
  expect(await at.said("helper.done")).toMatchObject({ exitCode: 3, outputBytes: 0 });
});

test("a worker that refuses to give more has what runs finished first; then that is the loop's end", async () => {
  const next = (_: unknown, nth: number) => {
    if (nth > 1) throw new Refusal("HELPER_REFUSED");
    return { kind: "task", task: taskOf("sleep 0.5; exit 3") };
  };
  await using at = await played([], { "helper.next": next }, 2);
  await expect(at.over).rejects.toMatchObject({ code: "HELPER_REFUSED" });
  expect(at.all("helper.done")).toMatchObject([{ exitCode: 3 }]);
  expect(at.all("helper.next")).toHaveLength(2);
});

test("a worker that is frozen when it is greeted is left for another try", async () => {
  await using at = await played(["exit 3"], { "helper.hello": (_, nth) => (nth === 1 ? never() : welcome) });
  expect(await at.said("helper.done")).toMatchObject({ exitCode: 3 });
  expect(at.all("helper.hello")).toHaveLength(2);
});

test("a task that comes when nobody waits for it any more is given back at once, while another goes on", async () => {
  const late: ((next: object) => void)[] = [];
  const next = (_: unknown, nth: number) =>
    nth === 1 ? { kind: "task", task: taskOf("sleep 60", 0) } : new Promise((resolve) => late.push(resolve));
  await using at = await played([], { "helper.next": next, "helper.release": () => ({}) }, 2);
  await at.said("helper.next", 2);
  await at.said("helper.payload");
  at.leave();
  late[0]?.({ kind: "task", task: taskOf("exit 9", 1) });
  expect(await at.said("helper.release")).toMatchObject({ task: "t1", fence: 1 });
  expect([at.all("helper.bye"), at.all("helper.done")]).toEqual([[], []]);
});

test("of many free slots one asks at a time, and all of them get tasks", async () => {
  await using at = await played(Array(20).fill("sleep 60"), {}, 40);
  await at.said("helper.next", 21);
  await eventually("all run", () => at.all("helper.payload").length === 20);
  expect(at.all("helper.next")).toHaveLength(21);
});

test("beats that are refused are not repeated at once; of a helper that is not known any more all tasks end", async () => {
  const beat = (_: unknown, nth: number) => {
    throw new Refusal(nth < 3 ? "INTERNAL" : "HELPER_REFUSED");
  };
  const begun = systemClock.elapsed();
  await using at = await played(["sleep 60 >&- 2>&-"], { "helper.beat": beat });
  await eventually("its task is not named any more", () => at.all("helper.beat").length > 9);
  // A hundredth of a second between two.
  expect(systemClock.elapsed() - begun).toBeGreaterThan(80);
  expect(at.all("helper.beat")[9]).toMatchObject({ tasks: [] });
  expect(at.all("helper.fail")).toEqual([]);
});

test("a task that is lost is left out of beats while its end is seen to", async () => {
  const since = { written: Number.POSITIVE_INFINITY };
  const beat = async (params: Params, nth: number) => {
    const tasks = params["tasks"] as Params[];
    const isLost = nth > since.written;
    if (tasks.length === 0 || !isLost) await paused(10);
    return { tasks: tasks.map(({ task, fence }) => ({ task, fence, word: isLost ? "lost" : "continue" })) };
  };
  const slow = () => {
    since.written = at.all("helper.beat").length;
    return paused(300).then(() => ({ size: 4, word: "continue" }));
  };
  await using at = await played(["echo out; exec sleep 60"], { "helper.beat": beat, "helper.output": slow });
  await at.said("helper.output");
  await paused(200);
  const named = at.all("helper.beat").slice(since.written);
  expect(named.filter(({ tasks }) => (tasks as unknown[]).length > 0)).toHaveLength(1);
});

test("an end that the worker cannot take now is told again, and never as a failure", async () => {
  const done = (_: unknown, nth: number) => {
    if (nth < 4) throw new Refusal("INTERNAL");
    return { recorded: true };
  };
  await using at = await played(["exit 0"], { "helper.done": done });
  await at.said("helper.next", 2);
  expect(at.all("helper.done")).toHaveLength(4);
  expect(at.all("helper.fail")).toEqual([]);
});
