import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { freshBuild, programs } from "../../kit/daemon.ts";
import { freePort } from "../../kit/free-port.ts";
import { testSender, watchChannel } from "../../kit/monitor.ts";
import { runProcess, type StartedProcess, startProcess } from "../../kit/processes.ts";
import { pythonPath } from "../../kit/receptorctl.ts";
import { serverProcess } from "../../kit/server-process.ts";
import { type TempFolder, tempFolder } from "../../kit/temp-folder.ts";

const soon = (): AbortSignal => AbortSignal.timeout(90_000);
const root = join(import.meta.dirname, "..", "..", "..");

interface Place {
  readonly folder: TempFolder;
  readonly config: string;
  readonly webSocket: number;
  readonly zeroMq: number;
}

/** A configuration on free ports, with what else it is to say. */
async function placeOf(folder: TempFolder, more: object = {}): Promise<Place> {
  const [webSocket, zeroMq] = [await freePort(), await freePort()];
  const config = folder.file("config.yml");
  const document = {
    websocket_uri: ["127.0.0.1", webSocket],
    zeromq_uri: ["127.0.0.1", String(zeroMq)],
    logger: { file: folder.file("monitor.log") },
    storage: { folder: folder.file("channels") },
    ...more,
  };
  writeFileSync(config, JSON.stringify(document));
  return { folder, config, webSocket, zeroMq };
}

async function start({ config }: Pick<Place, "config">): Promise<StartedProcess> {
  const monitor = await startProcess(process.execPath, [programs.farhand, "monitor", "-c", config]);
  await monitor.line(/^viewers at/, soon());
  return monitor;
}

const python = (...words: string[]): Promise<StartedProcess> =>
  startProcess(pythonPath ?? "python3", words, { stdin: "open", env: { PYTHONUNBUFFERED: "1" } });

interface Sender extends AsyncDisposable {
  say(line: string): Promise<void>;
}

/** Real libzmq. */
async function sender({ zeroMq }: Place): Promise<Sender> {
  const process_ = await python(join(import.meta.dirname, "sender.py"), `tcp://127.0.0.1:${zeroMq}`);
  await process_.line(/^connected/, soon());
  return {
    say: async (line) => {
      process_.child.stdin?.write(`${line}\n`);
      await process_.line(new RegExp(`^done ${line}$`), soon());
    },
    [Symbol.asyncDispose]: () => process_[Symbol.asyncDispose](),
  };
}

const startedText = '{"command": "STARTED"}';
const finishedText = '{"command": "FINISHED"}';

beforeAll(freshBuild);

describe("farhand monitor, between a libzmq sender and Python's websockets", () => {
  test("relays live and from the beginning, and a broker that stays through a restart loses nothing", async () => {
    await using folder = await tempFolder();
    const place = await placeOf(folder);
    const address = `ws://127.0.0.1:${place.webSocket}/ws`;
    const viewer = async (): Promise<StartedProcess> => {
      const started = await python(join(import.meta.dirname, "viewer.py"), address, "job_1");
      await started.line(/^subscribed$/, soon());
      return started;
    };
    await using first = await start(place);
    await using broker = await sender(place);
    await using early = await viewer();
    await broker.say("send job_1 STARTED");
    await broker.say("send job_1 TASK t1 COMPLETED");
    await early.line(/t1/, soon());
    // What a viewer has seen is there after the worst end.
    await first.stop("SIGKILL");
    await early.line(/^closed 1006$/, soon());
    // It waits with the broker, as it always did.
    await broker.say("send job_1 TASK t2 FAILED");
    await using second = await start(place);
    await using late = await viewer();
    await broker.say("send job_1 FINISHED");
    await late.line(/^closed/, soon());
    expect(late.stdout().trim().split("\n")).toEqual([
      "subscribed",
      startedText,
      '{"command": "TASK", "task_id": "t1", "task_state": "COMPLETED"}',
      '{"command": "TASK", "task_id": "t2", "task_state": "FAILED"}',
      finishedText,
      "closed 1000",
    ]);
    // Another broker, and shapes the original dies of.
    const other = await sender(place);
    for (const line of ["raw x6a", "raw x6a xff", "raw x x", "raw x30 x65786974", "send job_2 STARTED"])
      await other.say(line);
    using again = await watchChannel(place.webSocket, "job_2");
    expect(await again.has(1)).toEqual(["STARTED"]);
    // The sender is killed, and one that is started in its place goes on.
    await other[Symbol.asyncDispose]();
    await using returned = await sender(place);
    await returned.say("send job_2 TASK t1 COMPLETED");
    expect(await again.has(2)).toEqual(["STARTED", "TASK t1 COMPLETED"]);
    expect(await second.stop("SIGTERM")).toEqual({ code: 0, signal: null });
    expect(await again.closed).toMatchObject({ code: 1001 });
  });

  test("loses none of 50,000 that come as fast as libzmq can send them", async () => {
    await using folder = await tempFolder();
    const place = await placeOf(folder);
    await using monitor = await start(place);
    await using broker = await sender(place);
    using viewer = await watchChannel(place.webSocket, "job");
    await broker.say("burst job 50000");
    await broker.say("send job FINISHED");
    expect(await viewer.closed).toMatchObject({ code: 1000 });
    const ids = viewer.texts.slice(0, -1).map((text) => (JSON.parse(text) as { task_id: string }).task_id);
    expect(ids).toHaveLength(50_000);
    expect(ids.findIndex((id, n) => id !== String(n))).toBe(-1);
    expect(monitor.stderr()).toBe("");
  });
});

describe("farhand monitor, as a program", () => {
  test("examples/monitor.yml runs as it stands, but for its places", async () => {
    await using folder = await tempFolder();
    const { webSocket, zeroMq } = await placeOf(folder);
    const places = {
      "4567": String(webSocket),
      "7894": String(zeroMq),
      "/tmp/farhand-monitor": folder.file("monitor"),
    };
    const text = Object.entries(places).reduce(
      (before, [from, to]) => {
        expect(before).toContain(from);
        return before.replaceAll(from, to);
      },
      readFileSync(join(root, "examples", "monitor.yml"), "utf8"),
    );
    writeFileSync(folder.file("config.yml"), text);
    const config = folder.file("config.yml");
    const check = await runProcess(process.execPath, [programs.farhand, "monitor", "-c", config, "--check"]);
    expect(check).toMatchObject({ code: 0, stdout: `${config}: no faults\n`, stderr: "" });
    await using monitor = await start({ config });
    expect(await (await fetch(`http://127.0.0.1:${webSocket}/metrics`)).text()).toContain("farhand_monitor_channels 0");
    expect(await monitor.stop("SIGTERM")).toEqual({ code: 0, signal: null });
    expect(readFileSync(folder.file("monitor.log"), "utf8")).toMatch(
      /\[recodex-monitor\] \[CRITICAL\] Farhand monitor/,
    );
  });

  test("does not start by half: a taken port or a bad value ends it, and nothing listens", async () => {
    await using folder = await tempFolder();
    const place = await placeOf(folder);
    await using running = await start(place);
    await using other = await tempFolder();
    const websocket_uri = ["127.0.0.1", await freePort()];
    const busy = await placeOf(other, { websocket_uri, zeromq_uri: ["127.0.0.1", place.zeroMq] });
    const refused = await runProcess(process.execPath, [programs.farhand, "monitor", "-c", busy.config]);
    expect(refused).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/zeromq_uri: cannot listen at .*EADDRINUSE/),
    });
    const bad = await placeOf(other, { logger: { level: "INFO" }, storage: { memory: "much" } });
    const faults = await runProcess(process.execPath, [programs.farhand, "monitor", "-c", bad.config, "--check"]);
    expect(faults).toMatchObject({ code: 2, stdout: "" });
    expect(faults.stderr).toMatch(/logger\.level: [^]*storage\.memory: must be a size/);
    const none = other.file("none.yml");
    const missing = await runProcess(process.execPath, [programs.farhand, "monitor", "-c", none, "--check"]);
    expect(missing).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining(`${none}: `) });
    // It keeps off the log of the one that runs, too.
    const logged = readFileSync(folder.file("monitor.log"), "utf8");
    const same = await placeOf(other, {
      ...{ storage: { folder: folder.file("channels") }, logger: { file: folder.file("monitor.log") } },
    });
    const twice = await runProcess(process.execPath, [programs.farhand, "monitor", "-c", same.config]);
    expect(twice).toMatchObject({ code: 3, stderr: expect.stringContaining("another monitor keeps its channels") });
    expect(readFileSync(folder.file("monitor.log"), "utf8")).toBe(logged);
    for (const port of [websocket_uri[1], bad.webSocket, same.webSocket, same.zeroMq]) {
      const socket = connect(Number(port), "127.0.0.1");
      await expect(new Promise((resolve, reject) => socket.on("connect", resolve).on("error", reject))).rejects.toThrow(
        /REFUSED/,
      );
    }
    expect(await running.stop("SIGTERM")).toMatchObject({ code: 0 });
  });

  test("prints the token of a channel, and its unit is one systemd takes", async () => {
    await using folder = await tempFolder();
    writeFileSync(folder.file("secret"), "0123456789abcdef", { mode: 0o600 });
    const { config } = await placeOf(folder, { access: { "secret-file": folder.file("secret") } });
    const words = ["monitor", "token", "job", "-c", config];
    const token = await runProcess(process.execPath, [programs.farhand, ...words]);
    const hmac = await runProcess("openssl", ["dgst", "-sha256", "-hmac", "0123456789abcdef", "-r"], { input: "job" });
    expect(token.stdout).toBe(`${Buffer.from(hmac.stdout.slice(0, 64), "hex").toString("base64url")}\n`);
    const unit = readFileSync(join(root, "packaging", "recodex-monitor", "recodex-monitor.service"), "utf8");
    const file = folder.file("recodex-monitor.service");
    writeFileSync(file, unit.replace("/usr/bin/farhand", process.execPath));
    const verify = await runProcess("systemd-analyze", ["verify", "--man=no", "--recursive-errors=no", file]);
    expect(verify.stderr.split("\n").filter((line) => line.includes("recodex-monitor"))).toEqual([]);
    expect(verify.code).toBe(0);
  });

  test("postinst makes a user without a login and folders of its own, and leaves a configuration as it is", async () => {
    await using folder = await tempFolder();
    // What would change the machine is written down in place of being done; owners are left out.
    const bin = folder.file("bin");
    mkdirSync(bin);
    const said = `echo "$(basename "$0") $*" >> ${folder.file("said")}`;
    for (const name of ["groupadd", "useradd", "chown"]) writeFileSync(join(bin, name), `#!/bin/sh\n${said}\n`);
    writeFileSync(join(bin, "getent"), "#!/bin/sh\nexit 2\n");
    const own = '[ "$2" = -o ] && { shift 5; exec /usr/bin/install -d "$@"; }; exec /usr/bin/install "$@"';
    writeFileSync(join(bin, "install"), `#!/bin/sh\n${said}\n${own}\n`);
    for (const name of ["groupadd", "useradd", "chown", "getent", "install"]) chmodSync(join(bin, name), 0o755);
    const env = { DESTDIR: folder.file("root"), PATH: `${bin}:${process.env["PATH"] ?? ""}` };
    const run = () => runProcess("sh", [join(root, "packaging", "recodex-monitor", "postinst")], { env });
    expect(await run()).toMatchObject({ code: 0, stderr: "" });
    const config = folder.file("root/etc/recodex/monitor/config.yml");
    expect(statSync(config).mode & 0o777).toBe(0o600);
    expect(statSync(folder.file("root/var/lib/recodex")).mode & 0o777).toBe(0o700);
    const did = readFileSync(folder.file("said"), "utf8");
    expect(did).toMatch(/^useradd --system .*--shell \/usr\/sbin\/nologin recodex$/m);
    expect(did).toContain(`chown recodex:recodex ${config}`);
    expect(did).toMatch(/^install -d -o recodex -g recodex -m 0750 .*\/var\/log\/recodex$/m);
    const check = await runProcess(process.execPath, [programs.farhand, "monitor", "-c", config, "--check"]);
    expect(check).toMatchObject({ code: 0 });
    writeFileSync(config, "{}\n");
    expect(await run()).toMatchObject({ code: 0 });
    expect(readFileSync(config, "utf8")).toBe("{}\n");
  });

  test("tells its supervisor when it is ready, and keeps its channels in the state folder systemd names", async () => {
    await using folder = await tempFolder();
    const { config } = await placeOf(folder, { storage: {} });
    const listen = [
      "import socket,sys",
      "s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM); s.bind(sys.argv[1]); print('bound',flush=True)",
      "while True: print(s.recv(999).decode().replace('\\n','|'),flush=True)",
    ].join("\n");
    await using supervisor = await startProcess("python3", ["-c", listen, folder.file("notify")]);
    await supervisor.line(/^bound$/, soon());
    const env = { NOTIFY_SOCKET: folder.file("notify"), STATE_DIRECTORY: folder.file("state") };
    await using monitor = await startProcess(process.execPath, [programs.farhand, "monitor", "-c", config], { env });
    await supervisor.line(/^READY=1\|STATUS=viewers at ws:/, soon());
    await monitor.stop("SIGTERM");
    await supervisor.line(/^STOPPING=1/, soon());
    expect(readFileSync(folder.file("state/monitor/lock"), "utf8")).toBe("");
  });

  test("runs beside a server in its process, and keeps its channels with the server's state", async () => {
    await using folder = await tempFolder();
    const place = await placeOf(folder, { storage: {} });
    await using server = await serverProcess(folder.file("server"), "--monitor", place.config);
    await server.process.line(/^viewers at/, soon());
    using sending = await testSender(place.zeroMq);
    sending.send("job", "STARTED");
    using viewer = await watchChannel(place.webSocket, "job");
    expect(await viewer.has(1)).toEqual(["STARTED"]);
    expect(existsSync(folder.file("server/monitor/lock"))).toBe(true);
    expect(await server.process.stop("SIGTERM")).toMatchObject({ code: 0 });
    expect(await viewer.closed).toMatchObject({ code: 1001 });
  });
});
