import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { startDaemon } from "../../kit/daemon.ts";
import { processMark } from "../../kit/marked-processes.ts";
import { isRunning, type LiveProcess, liveProcesses, runProcess } from "../../kit/processes.ts";
import { programs } from "../../kit/daemon.ts";
import { tempFolder } from "../../kit/temp-folder.ts";
import { builtHelpers, eventually, kill } from "../../kit/units.ts";

beforeAll(builtHelpers);

const isRoot = process.getuid?.() === 0;

interface Status {
  readonly StateName: string;
  readonly Detail: string;
  readonly Cause?: string;
  readonly Attempt?: number;
  readonly StdoutSize: number;
}

/** A worker with a type `task` whose tasks are a shell script that is the payload. */
async function farm(settings = "") {
  const folder = await tempFolder();
  const [config, socket] = [folder.file("w.yml"), folder.file("c.sock")];
  const sections = [
    `- node: {id: alpha, datadir: ${folder.file("data")}}`,
    `- control-service: {service: control, filename: ${socket}}`,
    `- work-loop: {worktype: task, command: sh, cancelgrace: 2s${settings === "" ? "" : `, ${settings}`}}`,
  ];
  writeFileSync(config, sections.join("\n"));
  // The mark is for what the test ends; helpers inherit it.
  const env = { ...processMark(folder.path), FARHAND_SOCKET: undefined };
  const start = () => startDaemon({ program: "farhand", args: ["worker", "-c", config], socket, env });
  const daemon = { now: await start() };
  const farhand = (...words: string[]) =>
    runProcess(process.execPath, [programs.farhand, ...words, "--socket", socket], { env });
  const status = async (id: string) =>
    JSON.parse((await farhand("work", "status", id, "--json")).stdout) as Status | Record<string, Status> as Status;
  const unitDir = (id: string) => folder.file(`data/alpha/${id}`);
  return {
    ...{ folder, daemon, farhand, status, unitDir },
    /** Hand a script in. */
    submit: async (script: string) => {
      const { stdout, stderr, code } = await farhand("work", "submit", "task", "-l", script);
      if (code !== 0) throw new Error(stderr);
      return stdout.trim();
    },
    /** The status as it stands on disk. */
    onDisk: (id: string) => JSON.parse(readFileSync(`${unitDir(id)}/status`, "utf8")) as Status & { State: number },
    helpers: () => helpersOf(folder.path),
    restart: async () => {
      daemon.now = await start();
    },
    [Symbol.asyncDispose]: async () => {
      await daemon.now.stop("SIGKILL");
      await eventually("all helpers are gone", () => {
        for (const { pid } of helpersOf(folder.path)) process.kill(pid, "SIGKILL");
        return helpersOf(folder.path).length === 0;
      });
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Helpers, and what they run, of a worker whose files are in a folder: by its socket that they were told. */
function helpersOf(place: string): LiveProcess[] {
  const folder = `${place}/data/.farhand/alpha/loops`;
  const cards = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json")) : [];
  const pids = cards.map((name) => JSON.parse(readFileSync(`${folder}/${name}`, "utf8")).process.pid as number);
  return liveProcesses().filter(({ pid, command }) => pids.includes(pid) && command.includes("helper"));
}

const isOver = (status: { readonly State: number }): boolean => status.State >= 2;

describe("CAT-83: a helper that is killed", () => {
  test("takes its task's processes with it, and the task is tried again by another", async () => {
    await using at = await farm("output: whole");
    const pidFile = at.folder.file("pid");
    const script = `echo $$ >> ${pidFile}; if [ $FARHAND_ATTEMPT = 1 ]; then echo lost; sleep 600; fi; echo done`;
    const id = await at.submit(script);
    const first = await eventually("it runs", () => Number(readFileSync(pidFile, "utf8").split("\n")[0]) || undefined);
    const [helper] = at.helpers();
    await kill(helper?.pid ?? 0);
    await eventually("the task ends", () => isOver(at.onDisk(id)));
    expect(isRunning(first)).toBe(false);
    expect(at.onDisk(id)).toMatchObject({ State: 2, Attempt: 2 });
    expect(readFileSync(`${at.unitDir(id)}/stdout`, "utf8")).toBe("done\n");
    expect((await at.farhand("status")).code).toBe(0);
  });
});

describe("CAT-85: a helper that was frozen", () => {
  test("wakes up to find its task another's: its result is refused, and exactly one is recorded", async () => {
    await using at = await farm("lease: 1s, max: 2, output: whole");
    const [ran, go] = [at.folder.file("ran"), at.folder.file("go")];
    const script = `echo $FARHAND_ATTEMPT >> ${ran}; until [ -e ${go} ]; do sleep 0.1; done; echo attempt $FARHAND_ATTEMPT`;
    const id = await at.submit(script);
    await eventually("it runs", () => readFileSync(ran, "utf8") === "1\n");
    const frozen = at.helpers()[0]?.pid ?? 0;
    process.kill(frozen, "SIGSTOP");
    await eventually("another has it", () => readFileSync(ran, "utf8") === "1\n2\n");
    writeFileSync(go, "");
    await eventually("the task ends", () => isOver(at.onDisk(id)));
    const before = at.onDisk(id);
    process.kill(frozen, "SIGCONT");
    // It notices that the task is not its own, and is there for the next one.
    const next = await at.submit("echo next; sleep 1");
    await eventually("the next one ends", () => isOver(at.onDisk(next)));
    expect(at.onDisk(id)).toEqual(before);
    expect(before).toMatchObject({ State: 2, Attempt: 2 });
    expect(readFileSync(`${at.unitDir(id)}/stdout`, "utf8")).toBe("attempt 2\n");
  });
});

describe("CAT-89: scaling", () => {
  test("twenty tasks, four helpers: never more than four run, and none is left when there is nothing to do", async () => {
    await using at = await farm("max: 4, idletimeout: 2s");
    const most = { helpers: 0, tasks: 0 };
    const look = setInterval(() => (most.helpers = Math.max(most.helpers, at.helpers().length)), 50);
    const marks = at.folder.file("marks");
    const script = `echo start >> ${marks}; sleep 0.3; echo end >> ${marks}; echo $((6*7))`;
    const ids = await Promise.all(Array.from({ length: 20 }, () => at.submit(script)));
    await eventually("all have ended", () => ids.every((id) => isOver(at.onDisk(id))));
    clearInterval(look);
    let running = 0;
    for (const line of readFileSync(marks, "utf8").trim().split("\n")) {
      running += line === "start" ? 1 : -1;
      most.tasks = Math.max(most.tasks, running);
    }
    expect(most.helpers).toBeLessThanOrEqual(4);
    expect(most.tasks).toBeLessThanOrEqual(4);
    expect(most.tasks).toBeGreaterThan(1);
    for (const id of ids) expect(readFileSync(`${at.unitDir(id)}/stdout`, "utf8")).toBe("42\n");
    await eventually("they have gone", () => at.helpers().length === 0);
  });
});

describe("CAT-91: a worker that is killed", () => {
  test("finds its helpers again: the task goes on with its lease, and is recorded once", async () => {
    await using at = await farm("attempts: 1");
    const go = at.folder.file("go");
    const id = await at.submit(`echo before; until [ -e ${go} ]; do sleep 0.1; done; echo after`);
    await eventually("it runs", () => readFileSync(`${at.unitDir(id)}/stdout`, "utf8") === "before\n");
    const [helper] = at.helpers();
    await at.daemon.now.stop("SIGKILL");
    // What it writes meanwhile waits with its helper.
    writeFileSync(go, "");
    await at.restart();
    await eventually("it ends", () => isOver(at.onDisk(id)));
    expect(at.onDisk(id)).toMatchObject({ State: 2, Attempt: 1, StdoutSize: 13 });
    expect(readFileSync(`${at.unitDir(id)}/stdout`, "utf8")).toBe("before\nafter\n");
    expect(isRunning(helper?.pid ?? 0)).toBe(true);
  });

  test("and does not come back leaves no helper and no command behind", async () => {
    await using at = await farm("servicelosstime: 2s");
    const pidFile = at.folder.file("pid");
    await at.submit(`echo $$ > ${pidFile}; sleep 600`);
    const command = await eventually("it runs", () => Number(readFileSync(pidFile, "utf8")) || undefined);
    const helper = at.helpers()[0]?.pid ?? 0;
    await at.daemon.now.stop("SIGKILL");
    await eventually("the helper has gone", () => !isRunning(helper));
    expect(isRunning(command)).toBe(false);
  });

  test("a task that wants no work without its worker is stopped at once, and tried again later", async () => {
    await using at = await farm("onserviceloss: abort, output: whole, servicelosstime: 60s");
    const pids = at.folder.file("pids");
    const id = await at.submit(`echo $$ >> ${pids}; if [ $FARHAND_ATTEMPT = 1 ]; then exec sleep 600; fi; echo second`);
    const first = await eventually("it runs", () => Number(readFileSync(pids, "utf8")) || undefined);
    await at.daemon.now.stop("SIGKILL");
    await eventually("it is stopped", () => !isRunning(first));
    await at.restart();
    await eventually("it ends", () => isOver(at.onDisk(id)));
    expect(at.onDisk(id)).toMatchObject({ State: 2, Attempt: 2 });
  });
});

describe("a task of Farhand's own loop", () => {
  test("is cancelled with all it started: SIGTERM first, and its last words are kept", async () => {
    await using at = await farm();
    const pids = at.folder.file("pids");
    const id = await at.submit(
      `sleep 600 & echo $! > ${pids}; trap 'echo last words; exit 7' TERM; echo ready; while :; do sleep 0.1; done`,
    );
    await eventually("it runs", () => readFileSync(`${at.unitDir(id)}/stdout`, "utf8") === "ready\n");
    expect((await at.farhand("work", "cancel", id)).code).toBe(0);
    expect(await at.status(id)).toMatchObject({ StateName: "Canceled", Cause: "CANCELED" });
    expect(readFileSync(`${at.unitDir(id)}/stdout`, "utf8")).toBe("ready\nlast words\n");
    expect(isRunning(Number(readFileSync(pids, "utf8")))).toBe(false);
  });

  test("gets a payload of any size whole, and gives output of any size whole", async () => {
    await using at = await farm("params: \"-c 'cat; cat'\"");
    const payload = at.folder.file("payload");
    writeFileSync(payload, Buffer.alloc(5_000_000, "0123456789abcde\n"));
    const output = await at.farhand("work", "submit", "task", "-p", payload, "-f");
    expect(output.code).toBe(0);
    expect(output.stdout.length).toBe(5_000_000);
    expect(output.stdout === readFileSync(payload, "latin1")).toBe(true);
  });

  test("that fails has failed: an exit code is a result, and no reason to try again", async () => {
    await using at = await farm("workdir: /");
    const id = await at.submit("exit 3");
    await eventually("it ends", () => isOver(at.onDisk(id)));
    expect(at.onDisk(id)).toMatchObject({ State: 3, Cause: "EXITED", Detail: "exit status 3", Attempt: 1 });
  });

  test("CAT-93: a worker that is frozen slows its helper and the command, whose memory does not grow", async () => {
    await using at = await farm("lease: 60s");
    const id = await at.submit("while :; do echo 0123456789012345678901234567890123456789 | tee /dev/stderr; done");
    await eventually(
      "it writes",
      () => at.onDisk(id).State === 1 && readFileSync(`${at.unitDir(id)}/stdout`).length > 0,
    );
    const helper = at.helpers()[0]?.pid ?? 0;
    process.kill(at.daemon.now.pid, "SIGSTOP");
    const before = memoryOf(helper);
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    const after = memoryOf(helper);
    process.kill(at.daemon.now.pid, "SIGCONT");
    expect(after - before).toBeLessThan(20 * 1024 * 1024);
    await at.farhand("work", "cancel", id);
    expect(at.onDisk(id)).toMatchObject({ State: 4 });
  });

  test.skipIf(!isRoot)("CAT-88: as another user, which can read nothing of the worker's", async () => {
    await using at = await farm("user: nobody");
    const { stdout } = await at.farhand(
      "work",
      "submit",
      "task",
      "-l",
      "id -un; cat /proc/$PPID/environ | wc -c",
      "-f",
    );
    expect(stdout.split("\n")[0]).toBe("nobody");
    const config = at.folder.file("w.yml");
    const refused = await at.farhand("work", "submit", "task", "-l", `cat ${config} || echo no`, "-f");
    expect(refused.stdout).toBe("no\n");
  });
});

/** Bytes of resident memory. */
function memoryOf(pid: number): number {
  const [, kib = "0"] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "latin1")) ?? [];
  return Number(kib) * 1024;
}
