import { setTimeout as sleep } from "node:timers/promises";
import { buffer } from "node:stream/consumers";
import type { Asker } from "../../src/server/line/worker-lines.ts";
import { type RunningServer, type ServerSettings, startServer } from "../../src/server/server.ts";
import { type JoinWish, joinServer } from "../../src/worker/service/join-server.ts";
import { startService, type WorkerService } from "../../src/worker/service/service.ts";
import type { TempFolder } from "./temp-folder.ts";
import { patience } from "./units.ts";
import { keptLog, type Logged } from "./whole-server.ts";

/** The server as `farhand server` runs it, in this process, on any port of the loopback. */
export interface PortServer extends AsyncDisposable {
  readonly running: RunningServer;
  readonly url: string;
  readonly logged: Logged[];
  /** An enrolment token. */
  token(): Promise<string>;
  /** Wait until a worker is connected and registered. */
  untilHere(name: string): Promise<void>;
  /** Run a script on it; what it prints. */
  run(name: string, script: string): Promise<string>;
}

const admin: Asker = {
  ...{ userId: "u1", name: "ada", roles: ["admin"], level: "admin", methods: ["pwd"], loggedInAt: 1, session: "s1" },
};

/** Open it on a folder; what stands there already is gone on with. */
export async function portServer(folder: TempFolder, settings: Partial<ServerSettings> = {}): Promise<PortServer> {
  const { log, lines: logged } = keptLog();
  const running = await startServer({
    ...{ dataDir: folder.file("server"), version: "0.1.0", log, listen: { host: "127.0.0.1", port: 0 } },
    store: { kind: "sqlite", path: folder.file("server.db") },
    ...settings,
  });
  const { lines, registry, presence, enrolments } = running.core;
  const idOf = async (name: string) => (await registry.list()).find((worker) => worker.name === name)?.id ?? "";
  return {
    ...{ running, url: running.url, logged },
    token: async () => (await enrolments.make({}, "u1")).token,
    untilHere: async (name) => {
      for (const limit = patience(); ; await sleep(20, undefined, { signal: limit })) {
        const id = await idOf(name);
        if (lines.isConnected(id) && presence.state(id)?.state === "online") return;
      }
    },
    run: async (name, script) => {
      const id = await idOf(name);
      const payload = (async function* () {
        yield Buffer.from(script);
      })();
      const taken = await lines.submit(id, { workType: "run" }, payload, admin, patience());
      const params = { unit: (taken as { unit: string }).unit, from: 0 };
      const { stream } = await lines.open(id, { method: "units.results", params }, admin, patience());
      return (await buffer(stream)).toString();
    },
    [Symbol.asyncDispose]: () => running.close(),
  };
}

/** How a worker of a test joins. */
export type Joining = Pick<JoinWish, "serverUrl" | "token" | "ca" | "pin" | "waiting"> & {
  readonly folder: TempFolder;
  readonly name?: string;
  /** More of its environment. */
  readonly env?: Readonly<Record<string, string>>;
};

/** As `farhand worker join --no-start`. */
export async function join({ folder, name = "shed", env, ...wish }: Joining) {
  return await joinServer({
    ...{ ...wish, name, mode: "session", env: workerEnv(folder, name, env), log: keptLog().log },
    workTypes: [{ worktype: "run", command: "sh", params: "-s", allowruntimeparams: true }],
    signal: patience(),
  });
}

/** A worker that has joined, started: `await using worker = await startJoined(folder)`. */
export async function startJoined(
  folder: TempFolder,
  name = "shed",
  env: Readonly<Record<string, string>> = {},
): Promise<AsyncDisposable & { readonly service: WorkerService; readonly logged: Logged[] }> {
  const { log, lines: logged } = keptLog();
  const mode = env["WORKER_MODE"] === undefined ? "session" : undefined;
  const service = await startService({ mode, env: workerEnv(folder, name, env), log });
  return { service, logged, [Symbol.asyncDispose]: () => service.close("stopped") };
}

function workerEnv(folder: TempFolder, name: string, more: Readonly<Record<string, string>> = {}) {
  return {
    XDG_CONFIG_HOME: folder.file(`${name}-config`),
    XDG_STATE_HOME: folder.file(`${name}-state`),
    XDG_RUNTIME_DIR: folder.file(`${name}-run`),
    ...more,
  };
}
