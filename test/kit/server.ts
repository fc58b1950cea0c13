import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Clock, type Log, silentLog, systemClock } from "#core";
import { decodeEnrolmentToken, methodTable } from "#fleet";
import { type Api, openApi } from "../../src/server/api/api.ts";
import { LiveFeed } from "../../src/server/api/live-feed.ts";
import { openServerCore, type ServerCore } from "../../src/server/core.ts";
import type { WorkerLines, WorkerRequest, WorkerStream } from "../../src/server/line/worker-lines.ts";
import { Identity } from "../../src/worker/agent/identity.ts";
import { Instance } from "../../src/worker/agent/instance.ts";
import { type MachineAccess, type ManagedWorker, startManagedWorker } from "../../src/worker/agent/managed-worker.ts";
import { unitMethods } from "../../src/worker/management/unit-methods.ts";
import { tempFolder } from "./temp-folder.ts";
import { builtHelpers } from "./units.ts";

const version = "0.1.0";
const log: Log = process.env["FARHAND_TEST_LOG"]
  ? { ...silentLog, debug: told, info: told, warn: told, error: told }
  : silentLog;

function told(text: string, more?: object): void {
  process.stderr.write(`${text} ${JSON.stringify(more ?? {})}\n`);
}

/** A server on a port of its own with SQLite, and the workers that join it; all in this process. */
export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly core: ServerCore;
  readonly api: Api;
  /** File with the certificate of the server's authority. */
  readonly ca: string;
  /** First admin. */
  readonly admin: { readonly name: string; readonly password: string };
  /** A worker that is connected; sections are those of a settings file. Ended with the server. */
  worker(
    name: string,
    sections: readonly Readonly<Record<string, object>>[],
    access?: MachineAccess,
  ): Promise<ManagedWorker>;
}

/** What of it is another way. */
export interface TestServerOptions {
  /** Of the server, but for its API. Default: the machine's. */
  readonly clock?: Clock;
  /** Streams that a worker shall serve, by method, instead of the real one. */
  readonly streams?: Readonly<Record<string, (request: WorkerRequest) => WorkerStream>>;
}

/** Open it: `await using server = await testServer()`. */
export async function testServer({ streams = {}, clock = systemClock }: TestServerOptions = {}): Promise<TestServer> {
  const folder = await tempFolder();
  const feed: { live?: LiveFeed } = {};
  const core = await openServerCore({
    dataDir: join(folder.path, "server"),
    store: { kind: "sqlite", path: join(folder.path, "server.db") },
    nodeId: "server",
    hosts: ["127.0.0.1", "localhost"],
    version,
    log,
    clock,
    workerChanged: (change) => feed.live?.changed(change),
  });
  feed.live = new LiveFeed(core.store, log);
  const api = await openApi({
    ...core,
    lines: linesWith(core.lines, streams),
    live: feed.live,
    enrol: core.firstRegistrations,
    log,
    clock: systemClock,
    version,
    listen: { host: "127.0.0.1", port: 0 },
    upgrade: (request, socket, head) => {
      if (!request.url?.startsWith("/mesh")) return false;
      core.guest.handle(request, socket as never, head);
      return true;
    },
  });
  const admin = await core.access.accounts.makeFirstAdmin();
  if (!admin) throw new Error("the store is not empty");
  const url = `https://127.0.0.1:${api.address.port}`;
  const workers: ManagedWorker[] = [];
  return {
    url,
    core,
    api,
    ca: core.authority.files.certificate,
    admin,
    async worker(name, sections, access) {
      const worker = await joined({ name, core, url, folder: join(folder.path, name), sections, access });
      workers.push(worker);
      return worker;
    },
    async [Symbol.asyncDispose]() {
      for (const worker of workers) await worker.close("stopped");
      await api.close();
      await core.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

function linesWith(lines: WorkerLines, streams: NonNullable<TestServerOptions["streams"]>): WorkerLines {
  return {
    call: (...given) => lines.call(...given),
    submit: (...given) => lines.submit(...given),
    cut: (...given) => lines.cut(...given),
    open: async (workerId, request, ...more) =>
      streams[request.method]?.(request) ?? (await lines.open(workerId, request, ...more)),
  };
}

interface Joining {
  readonly name: string;
  readonly core: ServerCore;
  readonly url: string;
  readonly folder: string;
  readonly sections: readonly Readonly<Record<string, object>>[];
  readonly access: MachineAccess | undefined;
}

async function joined({ name, core, url, folder, sections, access }: Joining): Promise<ManagedWorker> {
  await builtHelpers();
  const self = { name, labels: {}, mode: "session" as const, version, capabilities: [], helperSlots: 4 };
  const identity = new Identity(folder);
  const instance = new Instance(Date.now());
  const { id, secret } = decodeEnrolmentToken((await core.enrolments.make({}, "u1")).token);
  const said = instance.registration(identity.key(), core.entrance.challenge({ address: "127.0.0.1" }), self, {
    token: { id, secret },
    // All workers of a test are on one machine.
    sameMachine: "add",
  });
  const membership = identity.keep(await core.firstRegistrations.register(said, "127.0.0.1"), url);
  const worker = await startManagedWorker({
    ...{ identity, membership, instance, self, log, sections },
    dataDir: join(folder, "units"),
    roads: [],
    ...(access && { access }),
    roles: () => ({ admin: "admin", operator: "operate", "*": "monitor" }),
    methods: async ({ units }) => ({ table: methodTable(unitMethods(units)), mayTake: () => true, close: () => {} }),
  });
  const limit = AbortSignal.timeout(30_000);
  const isMember = (): boolean =>
    core.lines.isConnected(membership.workerId) && worker.agentState.state === "registered";
  while (!isMember()) await sleep(20, undefined, { signal: limit });
  return worker;
}
