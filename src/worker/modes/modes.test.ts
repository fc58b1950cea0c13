import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { notifySupervisor, silentLog } from "#core";
import { runProcess, startProcess } from "../../../test/kit/processes.ts";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { takeEnvironment } from "../configuration/environment.ts";
import { chooseMode } from "./choose-mode.ts";
import { firstRunState, nextStep } from "./first-run.ts";
import { type ModePlaces, placesOf } from "./places.ts";
import { openSetup } from "./setup.ts";
import { lockState, stateHolder } from "./state-lock.ts";
import { systemdUnit } from "./systemd-unit.ts";

const anna = { uid: 1000, home: "/home/anna" };
const root = { uid: 0, home: "/root" };
const hasAnalyze = spawnSync("systemd-analyze", ["--version"]).status === 0;
const noFile = (): string => {
  throw new Error("no file");
};

describe("folders by mode", () => {
  test("a session keeps to the user's folders, by the XDG rules (CAT-1)", () => {
    const { configFile, state, units, socket } = placesOf("session", {}, anna);
    expect({ configFile, state, units, socket }).toEqual({
      configFile: "/home/anna/.config/farhand/worker.yaml",
      state: "/home/anna/.local/state/farhand",
      units: "/home/anna/.local/state/farhand/units",
      socket: "/home/anna/.local/state/farhand/run/worker.sock",
    });
    const env = { XDG_CONFIG_HOME: "/c", XDG_STATE_HOME: "/s", XDG_RUNTIME_DIR: "/r" };
    expect(placesOf("session", env, root)).toMatchObject({
      configFile: "/c/farhand/worker.yaml",
      configMode: 0o600,
      state: "/s/farhand",
      socket: "/r/farhand/worker.sock",
    });
    expect(placesOf("session", { XDG_CONFIG_HOME: "relative" }, anna).configFile).toMatch(/^\/home\/anna/);
  });

  test("a system worker keeps to the system's (CAT-2), a cloud worker needs no file (CAT-3)", () => {
    const system = { configFile: "/etc/farhand/worker.yaml", configMode: 0o640, group: "workeradmin" };
    expect(placesOf("system", { XDG_STATE_HOME: "/s" }, root)).toMatchObject({ ...system, state: "/var/lib/farhand" });
    expect(placesOf("appliance", {}, root)).toMatchObject(system);
    expect(placesOf("cloud", {}, anna).configFile).toBeUndefined();
    expect(placesOf("cloud", {}, anna, "/volume").state).toBe("/volume");
  });
});

describe("the mode of a start", () => {
  const read = (env: Record<string, string>) => takeEnvironment({ ...env }, noFile);

  test("is what the command line says, else what the environment says, else a session", () => {
    expect(chooseMode(undefined, read({}))).toBe("session");
    expect(chooseMode(undefined, read({}), { isRoot: true })).toBe("system");
    expect(chooseMode("system", read({ WORKER_MODE: "session" }))).toBe("system");
    expect(chooseMode(undefined, read({ WORKER_MODE: "appliance" }))).toBe("appliance");
    expect(() => chooseMode(undefined, read({ WORKER_MODE: "fast" }))).toThrow(/there is no mode fast/);
  });

  test("a cloud worker says which variables it misses (CAT-3)", () => {
    expect(() => chooseMode(undefined, read({ WORKER_CONFIG: "web" }))).toThrow(/WORKER_SERVER_URL and WORKER_TOKEN/);
    const env = { WORKER_CONFIG: "web", WORKER_SERVER_URL: "https://s" };
    expect(chooseMode(undefined, read({ ...env, WORKER_TOKEN: "fh1.x" }))).toBe("cloud");
    expect(chooseMode(undefined, read({ ...env, WORKER_USER: "u", WORKER_PASSWORD: "p" }))).toBe("cloud");
    expect(chooseMode(undefined, read(env), { isRegistered: true })).toBe("cloud");
  });
});

test("a state folder has one service, and the second start says who holds it (CAT-11)", async () => {
  await using folder = await tempFolder();
  const state = folder.file("state");
  expect(stateHolder(state)).toBeUndefined();
  const lock = lockState(state, "session", { now: () => 0 });
  const second = () => lockState(state, "system");
  const named = `process ${process.pid} of .+, mode session, since 1970-01-01T00:00:00.000Z`;
  expect(second).toThrow(expect.objectContaining({ code: "STATE_IN_USE" }) as Error);
  expect(second).toThrow(new RegExp(named));
  expect(stateHolder(state)).toMatchObject({ pid: process.pid, mode: "session" });
  lock.close();
  lockState(state, "system").close();
});

test("each first-run state says what to do next (CAT-12)", () => {
  const place = { configFile: "/c/worker.yaml" };
  const membership = { workerId: "w1", name: "w", node: "w", serverNode: "s", serverUrl: "https://s" };
  const none = { written: { state: "none" }, membership: undefined } as const;
  expect(firstRunState(none)).toBe("unconfigured");
  expect(nextStep(none, place)).toMatch(/`farhand worker join .+`.+\/c\/worker\.yaml/);
  const broken = {
    written: { state: "misconfigured", faults: [{ path: "/api/port", reason: "too big" }] },
    membership,
  } as const;
  expect(firstRunState(broken)).toBe("misconfigured");
  expect(nextStep(broken, place)).toContain("put right /c/worker.yaml (/api/port: too big)");
  expect(firstRunState({ ...none, membership })).toBe("registered");
  expect(nextStep({ ...none, membership, isReached: true }, place)).toBe("nothing: it is registered");
  expect(nextStep({ ...none, membership, isReached: false }, place)).toMatch(/worker doctor.+reset --registration/);
});

describe("a setup", () => {
  function inFolder(path: string): ModePlaces {
    const sockets = { socket: join(path, "run", "worker.sock"), control: join(path, "run", "control.sock") };
    const places = { configFile: join(path, "worker.yaml"), configMode: 0o600, group: undefined };
    return { ...places, state: join(path, "state"), units: join(path, "state", "units"), ...sockets };
  }

  test("from a file: unconfigured, then configured; nothing but its folders is touched", async () => {
    await using folder = await tempFolder();
    const places = inFolder(folder.path);
    const options = { mode: "session", env: {}, apply: async () => {}, log: silentLog, places } as const;
    const first = await openSetup(options);
    expect(first).toMatchObject({ mode: "session", cloud: undefined });
    expect(first.configuration.written).toEqual({ state: "none" });
    expect(first.directives()).toBeUndefined();
    await expect(openSetup(options)).rejects.toMatchObject({ code: "STATE_IN_USE" });
    const document = { identity: { name: "w1" }, workTypes: [{ worktype: "echo", command: "cat" }] };
    const editor = { name: "me", connection: "1", isRemote: false };
    await first.configuration.put({ document, ifMatch: 0 }, editor);
    expect(first.directives()?.map(({ section }) => section)).toEqual([
      "node",
      "log-level",
      "control-service",
      "work-command",
    ]);
    await first.close();
    const second = await openSetup(options);
    const { written } = second.configuration;
    expect(written).toMatchObject({ state: "good" });
    // A worker that runs asks no server to let it in: joining does.
    const server = { server: { urls: ["https://s"] } };
    await second.configuration.put({ document: { ...document, ...server }, ifMatch: 1 }, editor);
    const step = nextStep({ written: second.configuration.written, membership: undefined }, places);
    expect(step).toMatch(/^`farhand worker join https:\/\/s` asks there to be let in.+`--token-file FILE`/);
    await second.close();
  });

  test("from the environment alone: no file, secrets gone from the environment (CAT-3, CAT-106)", async () => {
    await using folder = await tempFolder();
    writeFileSync(folder.file("token"), "fh1.token\n");
    const env: Record<string, string | undefined> = {
      WORKER_CONFIG: "web",
      WORKER_SERVER_URL: "https://s",
      WORKER_TOKEN_FILE: folder.file("token"),
      WORKER_NAME: "c1",
    };
    const places = { ...inFolder(folder.path), configFile: undefined };
    const setup = await openSetup({ env, apply: async () => {}, log: silentLog, places });
    expect(setup.mode).toBe("cloud");
    expect(env).not.toHaveProperty("WORKER_TOKEN_FILE");
    expect(setup.configuration.running?.values.server.enrolmentToken?.reveal()).toBe("fh1.token");
    const offered = { version: 3, document: { workTypes: [{ worktype: "echo", command: "cat" }] } };
    expect(await setup.cloud?.offer(offered)).toMatchObject({ outcome: "pending", applies: "drain" });
    await setup.close();
  });
});

describe("the unit file (CAT-2)", () => {
  const plain = {
    command: [process.execPath, "worker", "start", "--system"],
    user: "daemon",
    group: "daemon",
  } as const;

  test("names account, command and what the worker may do", () => {
    const text = systemdUnit({ ...plain, capabilities: ["CAP_NET_RAW"], writable: ["/srv/my data", "/srv/100%"] });
    expect(text).toContain("Type=notify\n");
    expect(text).toContain(`ExecStart=${process.execPath} worker start --system\n`);
    expect(text).toContain("AmbientCapabilities=CAP_NET_RAW\nCapabilityBoundingSet=CAP_NET_RAW\nNoNewPrivileges=yes\n");
    expect(text).toContain('ReadWritePaths=-/etc/farhand /tmp /var/tmp "-/srv/my data" -/srv/100%%\n');
    expect(systemdUnit(plain)).toContain("AmbientCapabilities=\nCapabilityBoundingSet=\n");
  });

  test("is the one in packaging/", () => {
    const command = ["/usr/bin/farhand", "worker", "start", "--system"] as const;
    const text = systemdUnit({ command, user: "farhand", group: "farhand" });
    const path = join(import.meta.dirname, "..", "..", "..", "packaging", "farhand-worker.service");
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  test.skipIf(!hasAnalyze).each([
    ["an account of its own", {}],
    ["root", { user: "root", group: "root" }],
    ["capabilities and folders", { capabilities: ["CAP_NET_RAW", "CAP_NET_ADMIN"], writable: ["/srv/my data"] }],
  ])("passes systemd-analyze verify with %s", async (_name, change) => {
    await using folder = await tempFolder();
    const file = folder.file("farhand-worker.service");
    writeFileSync(file, systemdUnit({ ...plain, ...change }));
    const verify = await runProcess("systemd-analyze", ["verify", "--man=no", "--recursive-errors=no", file]);
    // On a machine that was not started by systemd it says so, and nothing of the unit.
    expect(verify.stderr.split("\n").filter((line) => line.includes("farhand-worker"))).toEqual([]);
    expect(verify.code).toBe(0);
  });
});

test("a supervisor is told when the worker is ready (sd_notify)", async () => {
  await using folder = await tempFolder();
  const listen = [
    "import socket,sys",
    "s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM); s.bind(sys.argv[1].replace('@','\\0',1)); print('bound',flush=True)",
    "print(s.recv(999).decode().replace('\\n','|'),flush=True)",
  ].join("\n");
  for (const path of [folder.file("notify"), `@farhand-test-${process.pid}`]) {
    await using supervisor = await startProcess("python3", ["-c", listen, path]);
    await supervisor.line(/^bound$/, AbortSignal.timeout(60_000));
    expect(notifySupervisor({ ready: true, status: "two\nlines" }, { NOTIFY_SOCKET: path })).toBe(true);
    await supervisor.line(/^READY=1\|STATUS=two lines$/, AbortSignal.timeout(60_000));
  }
  expect(notifySupervisor({ ready: true }, {})).toBe(false);
  expect(notifySupervisor({ ready: true }, { NOTIFY_SOCKET: folder.file("daemon") })).toBe(false);
});
