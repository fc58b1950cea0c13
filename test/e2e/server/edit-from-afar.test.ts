import { chmod, readFile, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { systemClock } from "#core";
import { cloudWorker } from "../../kit/cloud-worker.ts";
import { type CliSession, loggedIn } from "../../kit/cli-session.ts";
import { fileWorker } from "../../kit/file-worker.ts";
import { testServer, type TestServer } from "../../kit/server.ts";
import { type TempFolder, tempFolder } from "../../kit/temp-folder.ts";
import { builtHelpers, patience } from "../../kit/units.ts";

beforeAll(builtHelpers);

/** What the editor saw is kept; what it makes of it are commands for a shell. */
async function editor(session: CliSession, folder: TempFolder, ...commands: string[]): Promise<() => Promise<string>> {
  const path = folder.file("editor");
  await writeFile(path, `#!/bin/sh\ncp "$1" ${folder.file("seen")}\n${commands.join("\n")}\n`);
  await chmod(path, 0o700);
  session.env["EDITOR"] = path;
  return () => readFile(folder.file("seen"), "utf8");
}

async function untilRegistered({ core }: TestServer, name: string, isSo: (epoch: number) => boolean): Promise<void> {
  const limit = patience();
  for (;;) {
    const worker = (await core.registry.list()).find((each) => each.name === name);
    const isOnline = worker && core.presence.state(worker.id)?.state === "online";
    if (isOnline && core.lines.isConnected(worker.id) && isSo(worker.epoch)) return;
    if (limit.aborted) throw new Error(`${name} is ${JSON.stringify(worker)}`);
    await sleep(50);
  }
}

/** The first registration is that of joining. */
const started = (epoch: number): boolean => epoch > 1;

async function epochOf({ core }: TestServer, name: string): Promise<number> {
  return (await core.registry.find(name)).epoch;
}

/** Time of two minutes passes in one step, when the test says so. */
function turnedClock() {
  let ahead = 0;
  const sleepers: { at: number; wake: () => void }[] = [];
  const now = (): number => Date.now() + ahead;
  return {
    clock: {
      now,
      elapsed: () => systemClock.elapsed() + ahead,
      sleep: (ms: number, signal?: AbortSignal) =>
        new Promise<void>((resolve, reject) => {
          signal?.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
          sleepers.push({ at: now() + ms, wake: resolve });
        }),
    },
    pass(ms: number): void {
      ahead += ms;
      for (const { at, wake } of sleepers) if (at <= now()) wake();
    },
  };
}

/** A worker that is known to its server, an admin, and the time by which edits return. */
async function shedOf(server: TestServer, folder: TempFolder) {
  const admin = await loggedIn(server, folder.path);
  const time = turnedClock();
  const worker = await fileWorker({ server, folder, name: "shed", clock: time.clock });
  await untilRegistered(server, "shed", started);
  return { admin, time, worker, before: await epochOf(server, "shed") };
}

test("config edit of a worker with a file goes through its service, says so, and tells what cannot be edited (CAT-71, CAT-78)", async () => {
  await using server = await testServer();
  await using folder = await tempFolder();
  const admin = await loggedIn(server, folder.path);
  await using worker = await fileWorker({ server, folder, name: "shed", env: { WORKER_LOG_LEVEL: "error" } });
  await untilRegistered(server, "shed", started);
  const seen = await editor(admin, folder, `printf 'limits:\\n  retentionCount: 7\\n' >> "$1"`);
  const said = await admin.farhand("config", "edit", "shed", "--comment", "fewer units");
  expect(said.err).toEqual([
    expect.stringMatching(/^editing worker shed's own configuration, .*worker\.yaml there$/),
    "/limits/retentionCount takes effect at its next start",
    "version 2 is written on shed",
    "`farhand workers restart shed` starts it anew",
  ]);
  expect(await seen()).toMatch(/^# worker shed's own configuration, .*, version 1$/m);
  expect(await seen()).toMatch(/^# read-only: \/log\/level is "error"; WORKER_LOG_LEVEL in the service's environment/m);
  expect(await readFile(worker.configFile, "utf8")).toMatch(/retentionCount: 7/);
  // The other way in and out.
  const { out } = await admin.farhand("config", "export", "shed");
  expect(out).toMatch(/retentionCount: 7/);
  await writeFile(folder.file("back.yaml"), out.replace("Count: 7", "Count: 8"));
  expect((await admin.farhand("config", "diff", "shed", "--file", folder.file("back.yaml"))).out).toBe(
    "/limits/retentionCount: 7 → 8\n",
  );
  expect(await admin.farhand("config", "import", "shed", folder.file("back.yaml"))).toMatchObject({ exit: 0 });
  expect(await readFile(worker.configFile, "utf8")).toMatch(/retentionCount: 8/);
});

test("config edit of a cloud worker edits what the server holds for it, also while no worker is there (CAT-78)", async () => {
  await using server = await testServer();
  await using folder = await tempFolder();
  const admin = await loggedIn(server, folder.path);
  const roles = (level: string) => ({ document: { remoteAccess: { roles: { admin: level } } }, ifMatch: 0 });
  await server.core.configurations.put("pods", roles("admin"), "u1");
  const first = await cloudWorker({ server, folder, name: "pod", config: "pods" });
  await untilRegistered(server, "pod", started);
  await first[Symbol.asyncDispose]();
  const seen = await editor(admin, folder, `sed -i 's/admin: admin/admin: operate/' "$1"`);
  const said = await admin.farhand("config", "edit", "pod");
  expect(said.err).toEqual([
    "editing configuration pods of the server (worker pod goes by it)",
    "version 2 of pods is in force",
  ]);
  expect(await seen()).toMatch(/^# workers that go by it: pod$/m);
  // The worker comes back to it.
  await using _again = await cloudWorker({ server, folder, name: "pod", config: "pods" });
  const limit = patience();
  for (;;) {
    const { out } = await admin.farhand("config", "status", "pods", "--json");
    const users = JSON.parse(out || "[]") as {
      name: string;
      running: number | null;
      outcome: { outcome: string } | null;
    }[];
    if (users.some((user) => user.name === "pod" && user.running === 2 && user.outcome?.outcome === "applied")) break;
    if (limit.aborted) throw new Error(out);
    await sleep(100);
  }
});

test("a wrong server address that was set from afar returns by itself, and the worker is back (CAT-75)", async () => {
  await using server = await testServer();
  await using folder = await tempFolder();
  const { admin, time, before, ...at } = await shedOf(server, folder);
  await using worker = at.worker;
  await editor(admin, folder, `sed -i 's/127.0.0.1/127.0.0.2/' "$1"`);
  const said = await admin.farhand("config", "edit", "shed");
  expect(said.err.join("\n")).toMatch(
    /it changes how shed is reached, and returns by itself unless you confirm it before .*workers restart shed`, then `farhand config confirm shed`/,
  );
  // Before it is in force nobody can know whether it works.
  const early = await admin.farhand("config", "confirm", "shed");
  expect(early.exit).not.toBe(0);
  expect(early.err.join("\n")).toMatch(/version 2 is not in force yet/);
  expect(await admin.farhand("workers", "restart", "shed")).toMatchObject({ exit: 0 });
  const limit = patience();
  const shed = await server.core.registry.find("shed");
  while (server.core.lines.isConnected(shed.id) || worker.starts() < 2) await sleep(50, undefined, { signal: limit });
  expect(await admin.farhand("config", "confirm", "shed")).toMatchObject({ exit: 5 });
  time.pass(120_000);
  await untilRegistered(server, "shed", (epoch) => epoch > before);
  expect(await readFile(worker.configFile, "utf8")).toContain("127.0.0.1");
  expect((await admin.farhand("config", "confirm", "shed")).err).toEqual(["nothing of shed waits to be confirmed"]);
});

test("an address that is right stays once who wrote it confirms it over a new connection (CAT-75)", async () => {
  await using server = await testServer();
  await using folder = await tempFolder();
  const { admin, time, before, ...at } = await shedOf(server, folder);
  await using worker = at.worker;
  await editor(admin, folder, `sed -i 's/127.0.0.1/localhost/' "$1"`);
  expect(await admin.farhand("config", "edit", "shed")).toMatchObject({ exit: 0 });
  expect(await admin.farhand("workers", "restart", "shed")).toMatchObject({ exit: 0 });
  await untilRegistered(server, "shed", (epoch) => epoch > before);
  expect(await admin.farhand("config", "confirm", "shed")).toMatchObject({ exit: 0, err: ["version 2 of shed stays"] });
  time.pass(200_000);
  expect((await admin.farhand("config", "confirm", "shed")).err).toEqual(["nothing of shed waits to be confirmed"]);
  expect(await readFile(worker.configFile, "utf8")).toContain("localhost");
});
