import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { programs } from "../../kit/daemon.ts";
import { endMarkedProcesses, markedProcesses, processMark } from "../../kit/marked-processes.ts";
import { runProcess, type StartedProcess, startProcess } from "../../kit/processes.ts";
import { tempFolder } from "../../kit/temp-folder.ts";
import { builtHelpers, eventually } from "../../kit/units.ts";

beforeAll(builtHelpers);

interface Status {
  readonly State: number;
  readonly Cause?: string;
  readonly Attempt?: number;
  readonly Detail: string;
}

/** A managed worker with tasks for run loops, and commands, both shell scripts. */
async function managed() {
  const home = await tempFolder();
  const env = {
    ...{
      HOME: home.path,
      XDG_CONFIG_HOME: home.file("c"),
      XDG_STATE_HOME: home.file("s"),
      XDG_RUNTIME_DIR: home.file("r"),
    },
    ...{
      FARHAND_WORKER_SOCKET: home.file("r/farhand/worker.sock"),
      FARHAND_SOCKET: home.file("r/farhand/control.sock"),
    },
    ...processMark(home.path),
  };
  mkdirSync(home.file("c/farhand"), { recursive: true, mode: 0o700 });
  const types = [
    "  - {kind: loop, worktype: task, command: sh, max: 2, cancelgrace: 5s, attempts: 2, output: whole}",
    "  - {worktype: sh, command: sh, params: -s, cancelgrace: 1s, maxunits: 1}",
  ];
  const text = ["identity: {name: w1}", `dataDir: ${home.file("data")}`, "workTypes:", ...types].join("\n");
  writeFileSync(home.file("c/farhand/worker.yaml"), text, { mode: 0o600 });
  const farhand = (...words: string[]) => runProcess(process.execPath, [programs.farhand, ...words], { env });
  const start = async (): Promise<StartedProcess> => {
    const started = await startProcess(process.execPath, [programs.farhand, "worker", "start", "--session"], { env });
    await started.line(/Initialization complete/);
    return started;
  };
  const worker = { now: await start() };
  return {
    ...{ home, farhand, worker },
    restart: async () => {
      worker.now = await start();
    },
    submit: async (type: string, script: string) => {
      const { code, stdout, stderr } = await farhand("work", "submit", type, "-l", script);
      if (code !== 0) throw new Error(stderr);
      return stdout.trim();
    },
    onDisk: (id: string) => JSON.parse(readFileSync(home.file(`data/w1/${id}/status`), "utf8")) as Status,
    [Symbol.asyncDispose]: async () => {
      await worker.now.stop("SIGKILL");
      await eventually("nothing is left", () => {
        endMarkedProcesses(home.path);
        return markedProcesses(home.path).length === 0;
      });
      await home[Symbol.asyncDispose]();
    },
  };
}

describe("CAT-90: farhand worker drain", () => {
  test("finishes what runs, takes nothing new, says so, and stops; what waits is there at the next start", async () => {
    await using at = await managed();
    const go = at.home.file("go");
    const wait = `until [ -e ${go} ]; do sleep 0.1; done; echo done`;
    const running = [await at.submit("task", wait), await at.submit("task", wait), await at.submit("sh", wait)];
    await eventually("all run", () => running.every((id) => at.onDisk(id).State === 1));
    const waiting = [await at.submit("task", "echo later"), await at.submit("sh", "echo later")];
    expect((await at.farhand("worker", "drain")).stderr).toContain("3 units run");
    const refused = await at.farhand("work", "submit", "task", "-n");
    expect(refused.stderr).toContain("takes no work any more");
    expect(JSON.parse((await at.farhand("worker", "status", "--json")).stdout)).toMatchObject({ state: "stopping" });
    writeFileSync(go, "");
    expect((await at.worker.now.ended).code).toBe(0);
    for (const id of running) expect(at.onDisk(id).State).toBe(2);
    for (const id of waiting) expect(at.onDisk(id)).toMatchObject({ State: 0, Queued: true });
    await at.restart();
    await eventually("what waited is done", () => waiting.every((id) => at.onDisk(id).State === 2));
  });

  test("at its deadline interrupts what runs: nothing is left, and no task is lost", async () => {
    await using at = await managed();
    const script = "[ \"$FARHAND_ATTEMPT\" = 2 ] && exit 0; trap '' TERM; echo $$; sleep 600 & sleep 600; sleep 600";
    const [task, command] = [await at.submit("task", script), await at.submit("sh", "sleep 600")];
    await eventually("both run", () => [task, command].every((id) => at.onDisk(id).State === 1));
    expect((await at.farhand("worker", "drain", "--deadline", "1s")).code).toBe(0);
    expect((await at.worker.now.ended).code).toBe(0);
    expect(at.onDisk(command)).toMatchObject({ State: 3, Cause: "INTERRUPTED" });
    expect(at.onDisk(task)).toMatchObject({ State: 0, Queued: true, Attempt: 1 });
    const commands = () => markedProcesses(at.home.path).filter((pid) => /sleep|^sh/.test(commandOf(pid)));
    await eventually("no process of theirs is left", () => commands().length === 0);
    await at.restart();
    await eventually("its second attempt ends", () => at.onDisk(task).State === 2);
  });
});

describe("CAT-17: the switch workers", () => {
  test("while it is off nothing that waits is started, also after a restart", async () => {
    await using at = await managed();
    const go = at.home.file("go");
    const first = await at.submit("sh", `until [ -e ${go} ]; do sleep 0.1; done`);
    const waiting = [await at.submit("sh", "echo 2"), await at.submit("sh", "echo 3")];
    expect((await at.farhand("worker", "switches", "workers=off")).code).toBe(0);
    writeFileSync(go, "");
    await eventually("the first ends", () => at.onDisk(first).State === 2);
    const refused = await at.farhand("work", "submit", "task", "-n");
    expect(refused.stderr).toContain('switch "workers" is off');
    for (const id of waiting) expect(at.onDisk(id)).toMatchObject({ State: 0, Queued: true });
    await at.worker.now.stop();
    await at.restart();
    for (const id of waiting) expect(at.onDisk(id)).toMatchObject({ State: 0, Queued: true });
    await at.farhand("worker", "switches", "workers=on");
    await eventually("they are done", () => waiting.every((id) => at.onDisk(id).State === 2));
  });
});

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ");
  } catch {
    return "";
  }
}
