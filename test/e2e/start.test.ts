import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { freshBuild, programs } from "../kit/daemon.ts";
import { freePort } from "../kit/free-port.ts";
import { listeningPorts } from "../kit/listening-ports.ts";
import { endMarkedProcesses, markedProcesses, processMark } from "../kit/marked-processes.ts";
import { runProcess, startProcess } from "../kit/processes.ts";
import { tempFolder } from "../kit/temp-folder.ts";

const soon = () => AbortSignal.timeout(60_000);

beforeAll(freshBuild);

test("CAT-6, npm start: a server and its worker, a unit through the server; found again, and nothing left behind at Ctrl-C", async () => {
  await using home = await tempFolder();
  const env = {
    ...{ XDG_STATE_HOME: home.path, XDG_CONFIG_HOME: join(home.path, "me"), FARHAND_SOCKET: undefined },
    ...{ RECEPTORCTL_SOCKET: undefined, XDG_RUNTIME_DIR: undefined },
    ...processMark(home.path),
  };
  const farhand = (...args: string[]) => runProcess(process.execPath, [programs.farhand, ...args], { env });
  const listen = `127.0.0.1:${await freePort()}`;
  const appliance = () => startProcess(process.execPath, [programs.farhand, "appliance", "--listen", listen], { env });
  const unitIsShown = async (start: Awaited<ReturnType<typeof appliance>>): Promise<void> => {
    await start.line(/^Unit \w{8} of work type run on \S+, through the server:$/, soon());
    for (const n of [1, 2, 3, 4, 5]) await start.line(new RegExp(`^ {2}\\| hello ${n} of 5$`), soon());
    await start.line(/^Succeeded: exit code 0, 65 bytes, sha256 [0-9a-f]{64} \(the same as printed\)$/, soon());
  };
  try {
    {
      await using start = await appliance();
      const [, password = ""] =
        /password (\S+)/.exec(await start.line(/^Login: {3}user admin, password \S+/, soon())) ?? [];
      await unitIsShown(start);

      // CAT-6: of all its processes, the worker's among them, one listens, on one port, for this machine alone.
      expect(listeningPorts(markedProcesses(home.path))).toEqual([listen]);

      // What it says one may try, works.
      const authority = join(home.path, "farhand", "server", "authority.crt");
      const secret = join(home.path, "password");
      await writeFile(secret, password, { mode: 0o600 });
      const login = await farhand(
        "login",
        `https://${listen}`,
        "--user",
        "admin",
        "--ca",
        authority,
        "--password-file",
        secret,
      );
      expect(login).toMatchObject({ code: 0 });
      const workers = JSON.parse((await farhand("workers", "--json")).stdout) as { name: string }[];
      const opened = expect.arrayContaining(["run", "capture", "portscan", "traceroute", "ping"]);
      expect(workers).toMatchObject([{ state: "online", level: "admin", capabilities: opened }]);
      const run = await farhand("run", workers[0]?.name ?? "", "--", "sh", "-c", "echo from afar; exit 3");
      expect(run).toMatchObject({ code: 3, stdout: "from afar\n" });
      expect((await stat(join(home.path, "farhand"))).mode & 0o077).toBe(0);

      expect((await start.stop("SIGINT")).code).toBe(0);
      const signal = soon();
      while (markedProcesses(home.path).length > 0) await sleep(50, undefined, { signal });
    }
    await using again = await appliance();
    await unitIsShown(again);
    expect((await again.stop("SIGTERM")).code).toBe(0);
  } finally {
    endMarkedProcesses(home.path);
  }
});

test("npm start, killed: its worker ends with it, a unit of it goes on, and the next start finds both again", async () => {
  await using home = await tempFolder();
  const env = {
    ...{ XDG_STATE_HOME: home.path, XDG_CONFIG_HOME: join(home.path, "me"), XDG_RUNTIME_DIR: undefined },
    ...processMark(home.path),
  };
  const args = [programs.farhand, "appliance", "--listen", `127.0.0.1:${await freePort()}`];
  const appliance = () => startProcess(process.execPath, args, { env });
  try {
    await using start = await appliance();
    await start.line(/^Succeeded: exit code 0/, soon());
    const control = join(home.path, "farhand", "run", "control.sock");
    const farhand = (...words: string[]) => runProcess(process.execPath, [programs.farhand, ...words], { env });
    const gate = join(home.path, "gate");
    const script = `while [ ! -e '${gate}' ]; do sleep 0.1; done; echo through`;
    const unit = (await farhand("work", "submit", "run", "--socket", control, "-l", script)).stdout.trim();
    await start.stop("SIGKILL");
    await using again = await appliance();
    await again.line(/^Succeeded: exit code 0/, soon());
    await writeFile(gate, "");
    expect(await farhand("work", "results", unit, "--socket", control)).toMatchObject({ code: 0, stdout: "through\n" });
    expect((await again.stop("SIGINT")).code).toBe(0);
  } finally {
    endMarkedProcesses(home.path);
  }
});
