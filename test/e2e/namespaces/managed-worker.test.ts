import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshBuild, programs } from "../../kit/daemon.ts";
import { endMarkedProcesses, processMark } from "../../kit/marked-processes.ts";
import { describeWithNamespaces, type Host, type Network, openNetwork } from "../../kit/namespaces.ts";
import { runProcess, type StartedProcess, startProcess } from "../../kit/processes.ts";
import { type TempFolder, tempFolder } from "../../kit/temp-folder.ts";

const soon = () => AbortSignal.timeout(60_000);

describeWithNamespaces("a worker on another machine", () => {
  let folder: TempFolder;
  let network: Network;
  let [serverHost, workerHost]: Host[] = [];
  let server: StartedProcess;
  let worker: StartedProcess;
  let url: string;

  const envOf = (who: string) => ({
    ...{ XDG_STATE_HOME: folder.file(`${who}-state`), XDG_CONFIG_HOME: folder.file(`${who}-config`) },
    ...{ XDG_RUNTIME_DIR: undefined, FARHAND_SERVER: undefined, FARHAND_TOKEN: undefined },
    ...processMark(folder.path),
  });
  const on = (host: Host | undefined, ...words: string[]): [string, string[]] => {
    const [first = "", ...rest] = [...(host?.words ?? []), process.execPath, programs.farhand, ...words];
    return [first, rest];
  };
  /** A person at the server's machine. */
  const farhand = (...words: string[]) => runProcess(...on(serverHost, ...words), { env: envOf("person") });
  const workers = async () =>
    JSON.parse((await farhand("workers", "--json")).stdout) as { name: string; id: string; state: string }[];

  beforeAll(async () => {
    await freshBuild();
    folder = await tempFolder();
    network = await openNetwork();
    [serverHost, workerHost] = [await network.host(), await network.host()];
    const { addresses } = await network.cable(serverHost, workerHost);
    url = `https://${addresses[0]}:8443`;
    const dataDir = folder.file("server");
    server = await startProcess(
      ...on(serverHost, "server", "--data-dir", dataDir, "--listen", `${addresses[0]}:8443`),
      {
        env: envOf("server"),
      },
    );
    const login = await server.line(/^First login, .*password (\S+)$/, soon());
    await writeFile(folder.file("password"), /password (\S+)$/.exec(login)?.[1] ?? "", { mode: 0o600 });
    const ca = join(dataDir, "authority.crt");
    const logged = await farhand(
      "login",
      url,
      "--user",
      "admin",
      "--ca",
      ca,
      "--password-file",
      folder.file("password"),
    );
    if (logged.code !== 0) throw new Error(logged.stderr);
  }, 120_000);
  afterAll(async () => {
    await worker?.stop("SIGKILL");
    await server?.stop("SIGKILL");
    if (folder) endMarkedProcesses(folder.path);
    await network?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  test("joins with a token, runs what it is sent, and needs no open port", async () => {
    const { token } = JSON.parse((await farhand("enrol-token", "--json")).stdout) as { token: string };
    await writeFile(folder.file("token"), token, { mode: 0o600 });
    const join = [
      "worker",
      "join",
      url,
      "--session",
      "--token-file",
      folder.file("token"),
      "--name",
      "shed",
      "--tools",
    ];
    worker = await startProcess(...on(workerHost, ...join), { env: envOf("worker") });
    await worker.line(/^This machine is shed now, a worker of https:/, soon());
    await worker.line(/registered with the server as shed/, soon());
    expect(await workers()).toMatchObject([{ name: "shed", state: "online" }]);

    const run = await farhand("run", "shed", "--", "sh", "-c", "ip -o addr show | wc -l; exit 5");
    expect(run).toMatchObject({ code: 5, stdout: expect.stringMatching(/^\d+\n$/) as string });
    const listening = (await workerHost?.run("ss", "-Hltnu"))?.stdout;
    expect(listening).toBe("");

    // `--tools` has opened all of them, for private networks and not for the worker's own services.
    const { host } = new URL(url);
    expect(await farhand("probe", "tcp", host, "--on", "shed")).toMatchObject({ code: 0 });
    const own = await farhand("probe", "tcp", "127.0.0.1:1", "--on", "shed");
    expect(own).toMatchObject({ code: 5, stderr: expect.stringContaining("may not look at 127.0.0.1") as string });
    const scan = await farhand("scan", "shed", host.replace(/:\d+$/, ""), "--ports", "8443,1", "--json");
    expect(scan.code, scan.stderr).toBe(0);

    // A token is good once.
    const again = ["worker", "join", url, "--session", "--token-file", folder.file("token"), "--no-start"];
    const second = await runProcess(...on(workerHost, ...again), { env: envOf("second") });
    expect(second).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/token is unknown, used, revoked or expired/) as string,
    });
  });

  test("is cut off when it is removed, and stays away", async () => {
    const session = await farhand("run", "shed", "--detach", "--", "sleep", "600");
    expect(session.code).toBe(0);
    const [shed] = await workers();
    const removed = await farhand("workers", "remove", shed?.id ?? "");
    expect(removed).toMatchObject({ code: 0 });
    expect(await workers()).toEqual([]);
    await worker.line(/turned us away|WORKER_REMOVED|was removed/, soon());
    await sleep(3_000);
    expect(await workers()).toEqual([]);
  });
});
