import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { timeLimit } from "#core";
import { freePort } from "./free-port.ts";
import { runProcess, type StartedProcess, startProcess } from "./processes.ts";
import { tempFolder } from "./temp-folder.ts";

/** The server itself: Debian's wrapper before it would change to another user. Undefined where it is not installed. */
export const rabbitmqServer = ["/usr/lib/rabbitmq/bin/rabbitmq-server"].find((path) => existsSync(path));

/** A RabbitMQ of this test alone, on loopback. At the end of its scope it and its port mapper are gone. */
export interface Rabbitmq extends AsyncDisposable {
  readonly port: number;
  /** With user and password. */
  readonly url: string;
  /** End it; unless told otherwise without a warning, as when its machine loses power. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Names of the queues it has. Takes seconds: Erlang starts for it. */
  queues(): Promise<string[]>;
  /** A user besides guest, who may do everything. Takes seconds, too. */
  addUser(name: string, password: string): Promise<void>;
  /** Start it again, with the queues it kept on disk, and wait until it takes connections. */
  start(): Promise<void>;
}

/** Start a broker of its own: private ports, private folder, nothing installed is touched. */
export async function startRabbitmq(): Promise<Rabbitmq> {
  if (rabbitmqServer === undefined) throw new Error("RabbitMQ is not installed");
  const program = rabbitmqServer;
  const folder = await tempFolder();
  const [port, mapperPort, clusterPort] = [await freePort(), await freePort(), await freePort()];
  const env = environment(folder.path, mapperPort, clusterPort);
  await mkdir(folder.file("log"));
  await writeFile(folder.file("rabbitmq.conf"), configuration(port));
  // Erlang would start one that outlives it and listens everywhere.
  const mapper = await startProcess("epmd", ["-address", "127.0.0.1", "-port", String(mapperPort)]);
  let server: StartedProcess | undefined;
  const start = async (): Promise<void> => {
    server = await startProcess(program, [], { env, cwd: folder.path });
    await untilReady(port, server);
  };
  const stop = async (signal: NodeJS.Signals = "SIGKILL"): Promise<void> => {
    await server?.stop(signal);
    server = undefined;
  };
  const dispose = async (): Promise<void> => {
    await stop();
    await mapper.stop("SIGKILL");
    await folder[Symbol.asyncDispose]();
  };
  try {
    await start();
  } catch (error) {
    await dispose();
    throw error;
  }
  const queues = async (): Promise<string[]> => {
    const listed = await runProcess(program.replace(/-server$/, "ctl"), listQueues, { env });
    if (listed.code !== 0) throw new Error(listed.stderr);
    return listed.stdout.split("\n").filter((name) => name !== "");
  };
  const addUser = async (name: string, password: string): Promise<void> => {
    for (const words of [
      ["add_user", name, password],
      ["set_permissions", name, ".*", ".*", ".*"],
    ]) {
      const { code, stderr } = await runProcess(program.replace(/-server$/, "ctl"), ["-q", ...words], { env });
      if (code !== 0) throw new Error(stderr);
    }
  };
  const url = `amqp://guest:guest@127.0.0.1:${port}`;
  return { port, url, start, stop, queues, addUser, [Symbol.asyncDispose]: dispose };
}

const listQueues = ["-q", "list_queues", "--no-table-headers", "name"];

function environment(folder: string, mapperPort: number, clusterPort: number): Record<string, string> {
  return {
    HOME: folder,
    ERL_EPMD_PORT: String(mapperPort),
    ERL_EPMD_ADDRESS: "127.0.0.1",
    RABBITMQ_NODENAME: "farhand@localhost",
    RABBITMQ_DIST_PORT: String(clusterPort),
    RABBITMQ_MNESIA_BASE: `${folder}/data`,
    RABBITMQ_LOG_BASE: `${folder}/log`,
    RABBITMQ_LOGS: "-",
    RABBITMQ_CONFIG_FILE: `${folder}/rabbitmq.conf`,
    RABBITMQ_CONF_ENV_FILE: "/dev/null",
    RABBITMQ_ENABLED_PLUGINS_FILE: `${folder}/plugins`,
    RABBITMQ_FEATURE_FLAGS_FILE: `${folder}/feature-flags`,
    RABBITMQ_GENERATED_CONFIG_DIR: `${folder}/config`,
    RABBITMQ_PID_FILE: `${folder}/pid`,
    // The script then becomes the server, so that its pid is the one we started; and Erlang leaves the CPU when idle.
    RUNNING_UNDER_SYSTEMD: "true",
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
      "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none",
  };
}

function configuration(port: number): string {
  const lines = [
    `listeners.tcp.1 = 127.0.0.1:${port}`,
    "disk_free_limit.absolute = 10MB",
    "vm_memory_high_watermark.absolute = 512MB",
  ];
  return `${lines.join("\n")}\n`;
}

/** Wait until it speaks AMQP: its port opens a moment earlier. */
async function untilReady(port: number, server: StartedProcess): Promise<void> {
  const giveUp = new AbortController();
  void server.ended.then(() => giveUp.abort());
  const limit = timeLimit(90_000, giveUp.signal);
  for (; !limit.aborted; await sleep(50)) if (await greets(port)) return;
  throw new Error(`RabbitMQ did not start:\n${server.stdout()}${server.stderr()}`);
}

function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const settle = (isReady: boolean) => () => {
      socket.destroy();
      resolve(isReady);
    };
    socket.once("connect", () => socket.write("AMQP\0\0\u0009\u0001")).once("data", settle(true));
    socket.on("error", settle(false)).once("close", settle(false)).setTimeout(2000, settle(false));
  });
}

/** A cable to a TCP port of this machine that can be cut. At the end of its scope it is gone. */
export interface Cable extends AsyncDisposable {
  readonly port: number;
  /** Break every connection. Unless `forGood`, new ones may come at once. */
  cut(forGood?: boolean): void;
  /** After a cut for good: new connections may come again. */
  mend(): void;
}

/** Lay a cable. */
export async function layCable(targetPort: number): Promise<Cable> {
  const sockets = new Set<Socket>();
  let isCut = false;
  const server: Server = createServer((near) => {
    if (isCut) return void near.destroy();
    const far = connect(targetPort, "127.0.0.1");
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket
        .on("error", () => {})
        .once("close", () => {
          sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
    }
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = (forGood = false): void => {
    isCut = forGood;
    for (const socket of sockets) socket.destroy();
  };
  const mend = (): void => {
    isCut = false;
  };
  const dispose = async (): Promise<void> => {
    cut(true);
    await new Promise((resolve) => server.close(resolve));
  };
  return { port: (server.address() as AddressInfo).port, cut, mend, [Symbol.asyncDispose]: dispose };
}
