import { mkdir, readFile, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshBuild, programs } from "../../kit/daemon.ts";
import { endMarkedProcesses, processMark } from "../../kit/marked-processes.ts";
import { describeWithNamespaces } from "../../kit/namespaces.ts";
import { portServer } from "../../kit/port-server.ts";
import { descendants, runProcess, type StartedProcess, startProcess } from "../../kit/processes.ts";
import { type TempFolder, tempFolder } from "../../kit/temp-folder.ts";

const soon = () => AbortSignal.timeout(60_000);

describeWithNamespaces("a worker in a container", () => {
  let folder: TempFolder;
  beforeAll(async () => {
    await freshBuild();
    folder = await tempFolder();
  }, 120_000);
  afterAll(async () => {
    if (folder) endMarkedProcesses(folder.path);
    await folder?.[Symbol.asyncDispose]();
  });

  /** The worker as process 1 of a pid namespace, and its pid outside. */
  async function firstProcess(name: string, ...words: string[]) {
    const env = {
      ...{ XDG_CONFIG_HOME: folder.file(`${name}-config`), XDG_STATE_HOME: folder.file(`${name}-state`) },
      ...{ XDG_RUNTIME_DIR: folder.file(`${name}-run`), FARHAND_DEBUG: "1", ...processMark(folder.path) },
    };
    await mkdir(`${env.XDG_CONFIG_HOME}/farhand`, { recursive: true, mode: 0o700 });
    const workTypes = [{ worktype: "run", command: "sh", params: "-s", allowruntimeparams: true }];
    await writeFile(`${env.XDG_CONFIG_HOME}/farhand/worker.yaml`, JSON.stringify({ workTypes }), { mode: 0o600 });
    const start = [process.execPath, programs.farhand, "worker", "start", "--session", ...words];
    const outside = await startProcess("unshare", ["--pid", "--fork", "--mount-proc", ...start], { env });
    await outside.line(/Initialization complete/, soon());
    const [inside] = descendants(outside.pid);
    const socket = folder.file(`${name}-run/farhand/control.sock`);
    const submit = async (script: string): Promise<void> => {
      const words = ["--socket", socket, "work", "submit", "run", "--payload", "-"];
      const said = await runProcess(process.execPath, [programs.farhand, ...words], { env, input: script });
      if (said.code !== 0) throw new Error(said.stderr);
    };
    return { outside, pid: inside?.pid ?? -1, submit };
  }

  test("is process 1: it reaps orphans, lets what runs end after SIGTERM, and ends with 0 (CAT-105)", async () => {
    const { outside, pid, submit } = await firstProcess("calm");
    // Nobody's child: its parent ends before it.
    await runProcess("nsenter", ["--target", String(pid), "--pid", "sh", "-c", "(sleep 0.2 &) ; exit 0"]);
    await outside.line(/reaped an orphan/, soon());
    const done = folder.file("done");
    await submit(`touch ${done}.begun; sleep 2; echo yes > ${done}`);
    await untilThere(`${done}.begun`);
    process.kill(pid, "SIGTERM");
    expect(await outside.ended).toMatchObject({ code: 0 });
    expect(await readFile(done, "utf8")).toBe("yes\n");
  });

  test("interrupts what does not end within its grace, and ends with 143 (CAT-105)", async () => {
    const { outside, pid, submit } = await firstProcess("hasty", "--stop-grace", "1s");
    const begun = folder.file("begun");
    await submit(`touch ${begun}; exec sleep 600`);
    await untilThere(begun);
    process.kill(pid, "SIGTERM");
    expect(await outside.ended).toMatchObject({ code: 143 });
  });

  test("needs nothing but its environment on a read-only root: it registers, takes its configuration and runs (CAT-3)", async () => {
    await using server = await portServer(folder);
    const { configurations, enrolments } = server.running.core;
    const document = { workTypes: [{ worktype: "run", command: "sh", params: "-s" }] };
    await configurations.put("web", { document, ifMatch: 0 }, "u1");
    const { token } = await enrolments.make({ labels: { "farhand/config": "web" } }, "u1");
    // As `--read-only --tmpfs`: what is written is in memory.
    const box =
      "mount --make-rprivate / && mount --bind / / && mount -o remount,ro,bind / && mount -t tmpfs tmpfs /mnt";
    const start = `${box} && cd / && exec "$0" "$@"`;
    const words = [process.execPath, programs.farhand, "worker", "start"];
    const env = {
      ...{ WORKER_SERVER_URL: server.url, WORKER_TOKEN: token, WORKER_CONFIG: "web", WORKER_NAME: "pod" },
      ...{ TMPDIR: "/mnt", HOME: "/nonexistent", XDG_RUNTIME_DIR: undefined, XDG_STATE_HOME: undefined },
      ...{ XDG_CONFIG_HOME: undefined, ...processMark(folder.path) },
    };
    await using pod: StartedProcess = await startProcess(
      "unshare",
      ["--mount", "--pid", "--fork", "--mount-proc", "sh", "-c", start, ...words],
      { env },
    );
    // With its first configuration it starts anew by itself.
    await pod.line(/starting anew/, soon());
    await server.untilHere("pod");
    const script = "(touch /etc/farhand-was-here) 2>/dev/null && echo writable || echo read-only";
    expect(await eventually(() => server.run("pod", script))).toBe("read-only\n");
    const [inside] = descendants(pod.pid);
    process.kill(inside?.pid ?? -1, "SIGTERM");
    expect(await pod.ended).toMatchObject({ code: 0 });
  });
});

/** What comes of it, once it works: the worker may be on its way back. */
async function eventually(what: () => Promise<string>): Promise<string> {
  for (const limit = soon(); ; await sleep(200)) {
    try {
      return await what();
    } catch (error) {
      if (limit.aborted) throw error;
    }
  }
}

async function untilThere(path: string): Promise<void> {
  for (const limit = soon(); ; await sleep(20, undefined, { signal: limit })) {
    const isThere = await readFile(path).then(
      () => true,
      () => false,
    );
    if (isThere) return;
  }
}
