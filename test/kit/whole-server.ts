import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Log, silentLog } from "#core";
import { decodeEnrolmentToken, methodTable } from "#fleet";
import type { Role } from "../../src/server/auth/roles.ts";
import { type RunningServer, type ServerSettings, startServer } from "../../src/server/server.ts";
import { enrol } from "../../src/worker/agent/enrol.ts";
import { Identity } from "../../src/worker/agent/identity.ts";
import { Instance } from "../../src/worker/agent/instance.ts";
import {
  type ManagedWorker,
  type ManagedWorkerOptions,
  startManagedWorker,
} from "../../src/worker/agent/managed-worker.ts";
import { unitMethods } from "../../src/worker/management/unit-methods.ts";
import { goodPassword } from "./access.ts";
import { ask, type Asking, openSocket, type TestAnswer, type TestSocket, type TestUser } from "./api.ts";
import { freePort } from "./free-port.ts";
import { type TempFolder, tempFolder } from "./temp-folder.ts";
import { builtHelpers, patience } from "./units.ts";

const version = "0.1.0";

/** One line of a log. */
export interface Logged {
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A log that a test reads. */
export function keptLog(): { readonly log: Log; readonly lines: Logged[] } {
  const lines: Logged[] = [];
  const keep = (message: string, fields = {}): void => void lines.push({ message, fields });
  return { lines, log: { ...silentLog, debug: keep, info: keep, warn: keep, error: keep } };
}

/** The server as `farhand server` runs it, in this process: port, policy and audit, all in their places. */
export interface WholeServer extends AsyncDisposable {
  readonly running: RunningServer;
  readonly folder: TempFolder;
  readonly url: string;
  readonly port: number;
  /** What it logged. */
  readonly logged: Logged[];
  ask(method: string, path: string, asking?: Asking): Promise<TestAnswer>;
  socket(path: string, headers?: Readonly<Record<string, string>>): Promise<TestSocket>;
  /** A user with a session. */
  user(name: string, role: Role): Promise<TestUser>;
  /** A worker that has enrolled over HTTPS and is connected; ended with the server. */
  worker(name: string, options?: JoinOptions): Promise<JoinedWorker>;
}

/** What of a worker is not as always. */
export type JoinOptions = Partial<Omit<ManagedWorkerOptions, "identity" | "membership" | "instance" | "self">> & {
  readonly mode?: "session" | "cloud";
  /** Work types that it says it has, for who asks the server. */
  readonly capabilities?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
};

/** A worker, and what only it knows. */
export interface JoinedWorker {
  readonly worker: ManagedWorker;
  readonly workerId: string;
  readonly identity: Identity;
  readonly instance: Instance;
  /** Folder with its key and membership. */
  readonly stateDir: string;
  readonly logged: Logged[];
}

/** Open it: `await using server = await wholeServer()`. */
export async function wholeServer(options: Partial<ServerSettings> = {}): Promise<WholeServer> {
  const folder = await tempFolder();
  const { log, lines } = keptLog();
  const running = await startServer({
    dataDir: join(folder.path, "server"),
    store: { kind: "sqlite", path: join(folder.path, "server.db") },
    listen: { host: "127.0.0.1", port: await freePort() },
    nodeId: "server",
    version,
    log,
    ...options,
  });
  const { port } = running.api.address;
  const workers: ManagedWorker[] = [];
  const sockets: TestSocket[] = [];
  return {
    ...{ running, folder, port, url: running.url, logged: lines },
    ask: (method, path, asking) => ask(port, method, path, asking),
    socket: async (path, headers = {}) => {
      const socket = await openSocket(`wss://127.0.0.1:${port}${path}`, headers);
      sockets.push(socket);
      return socket;
    },
    user: (name, role) => userOf(running, name, role),
    worker: async (name, more = {}) => {
      const joined = await joinWorker(running, join(folder.path, name), name, more);
      workers.push(joined.worker);
      return joined;
    },
    [Symbol.asyncDispose]: async () => {
      for (const { socket } of sockets) socket.terminate();
      for (const worker of workers) await worker.close("stopped");
      await running.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function userOf({ core }: RunningServer, name: string, role: Role): Promise<TestUser> {
  const { access } = core;
  const { id } = await access.accounts.create({ name, password: goodPassword, role, labels: null });
  const { token, session } = await access.sessions.open(id, { source: "127.0.0.1", client: "test" }, false);
  return { id, token, session: session.id, auth: { authorization: `Bearer ${token}` } };
}

async function joinWorker(
  { core, url }: RunningServer,
  folder: string,
  name: string,
  { mode = "session", capabilities = [], labels = {}, ...more }: JoinOptions,
): Promise<JoinedWorker> {
  await builtHelpers();
  const { log, lines } = keptLog();
  const self = { name, labels, mode, version, capabilities: [...capabilities], helperSlots: 4 };
  const stateDir = join(folder, "state");
  const identity = new Identity(stateDir);
  const instance = new Instance(Date.now());
  const token = decodeEnrolmentToken((await core.enrolments.make({}, "u1")).token);
  // All workers of a test are on one machine.
  const sameMachine = "add";
  const membership = await enrol({ serverUrl: url, token, identity, instance, self, sameMachine, signal: patience() });
  const worker = await startManagedWorker({
    ...{ identity, membership, instance, self, log },
    dataDir: join(folder, "units"),
    sections: [{ "work-command": { worktype: "sh", command: "sh", params: "-s" } }],
    roads: [],
    roles: () => ({ admin: "admin", operator: "operate", "*": "monitor" }),
    methods: async ({ units }) => ({ table: methodTable(unitMethods(units)), mayTake: () => true, close: () => {} }),
    ...more,
  });
  const { workerId } = membership;
  const limit = patience();
  while (!core.lines.isConnected(workerId) || worker.agentState.state !== "registered")
    await sleep(20, undefined, { signal: limit });
  return { worker, workerId, identity, instance, stateDir, logged: lines };
}
