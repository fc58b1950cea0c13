import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import type { UnitSummary, WorkerStatus } from "#fleet";
import { programs } from "../../kit/daemon.ts";
import { socketClient } from "../../kit/managed-worker.ts";
import { endMarkedProcesses, processMark } from "../../kit/marked-processes.ts";
import { type StartedProcess, startProcess } from "../../kit/processes.ts";
import { type TempFolder, tempFolder } from "../../kit/temp-folder.ts";
import { builtHelpers } from "../../kit/units.ts";
import { randomFrom } from "../faults/random.ts";

const kills = 20;
const files = 300;
const seed = Number(process.env["WATCH_SEED"] ?? "17");

beforeAll(builtHelpers);

/** A watcher that gives paths and moves, one that gives payloads and deletes, and one that leaves everything. */
function configuration(home: TempFolder) {
  const at = { settle: "0s", every: "200ms", workType: "note" };
  const note = `-c 'text=$(cat); printf "%s\\n" "$1=$text" >> ${home.file("effects")}' note`;
  return {
    identity: { name: "w1" },
    workTypes: [{ worktype: "note", command: "sh", params: note, allowruntimeparams: true }],
    watchers: [
      { ...at, name: "moves", folder: home.file("moves"), onSuccess: { moveTo: home.file("done") } },
      { ...at, name: "deletes", folder: home.file("deletes"), give: "payload", params: "{path}", onSuccess: "delete" },
      { ...at, name: "leaves", folder: home.file("leaves"), give: "payload", params: "{path}", depth: 1 },
    ],
  };
}

const folders = ["moves", "deletes", "leaves"];

interface Place {
  readonly home: TempFolder;
  start(): Promise<StartedProcess>;
  effects(): string[];
  ask<Result>(method: string): Promise<Result>;
}

function placeIn(home: TempFolder): Place {
  for (const name of [...folders, "done", "aside", "c/farhand"]) mkdirSync(home.file(name), { recursive: true });
  writeFileSync(home.file("effects"), "");
  writeFileSync(home.file("c/farhand/worker.yaml"), JSON.stringify(configuration(home)), { mode: 0o600 });
  const env = {
    ...{ HOME: home.path, XDG_CONFIG_HOME: home.file("c"), XDG_STATE_HOME: home.file("s") },
    ...{ XDG_RUNTIME_DIR: home.file("r"), FARHAND_SOCKET: undefined, RECEPTORCTL_SOCKET: undefined },
    ...processMark(home.path),
  };
  return {
    home,
    start: () => startProcess(process.execPath, [programs.farhand, "worker", "start", "--session"], { env }),
    effects: () => readFileSync(home.file("effects"), "utf8").split("\n").filter(Boolean),
    async ask<Result>(method: string) {
      using client = await socketClient(home.file("r/farhand/worker.sock"));
      return (await client.call(method, { ...(method === "units.list" && { limit: 1_000 }) })).result as Result;
    },
  };
}

/** Each comes whole under its name, at some moment of the run. */
async function dropFiles({ home }: Place, random: () => number): Promise<string[]> {
  const dropped: string[] = [];
  for (let n = 0; n < files; n++) {
    const path = home.file(`${folders[n % folders.length]}/file ${n}`);
    const text = `${n} `.repeat(1 + Math.floor(random() * 400)).trim();
    writeFileSync(home.file("aside/next"), text);
    renameSync(home.file("aside/next"), path);
    dropped.push(`${path}=${n % folders.length === 0 ? "" : text}`);
    await sleep(random() * 120);
  }
  return dropped;
}

/** Half of the kills strike while files are given, the others at any moment, also while the worker starts. */
async function strike(place: Place, random: () => number): Promise<void> {
  const before = place.effects().length;
  await using worker = await place.start();
  const [moreEffects, delayMs] = [1 + Math.floor(random() * 12), random() * 1_500];
  if (random() < 0.5) await sleep(delayMs);
  else {
    const limit = AbortSignal.timeout(20_000);
    while (place.effects().length < before + moreEffects && !limit.aborted) await sleep(2);
    await sleep(delayMs / 20);
  }
  await worker.stop("SIGKILL");
}

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const limit = AbortSignal.timeout(240_000);
  while (!(await isSo())) {
    if (limit.aborted) throw new Error(`waited in vain: ${what}`);
    await sleep(100);
  }
}

test(`CAT-17: ${kills} times kill -9 while ${files} files are dropped: each has exactly one effect (seed ${seed})`, async () => {
  await using home = await tempFolder();
  const place = placeIn(home);
  const random = randomFrom(seed);
  try {
    const dropping = dropFiles(place, randomFrom(seed + 1));
    for (let n = 0; n < kills; n++) await strike(place, random);
    const dropped = await dropping;
    await using _worker = await place.start();
    // What runs still may end before the worker is there.
    await until("the worker answers", () => place.ask("worker.status").then(Boolean, () => false));
    await until("every file has had its effect", () => place.effects().length >= files);
    await until(
      "they are put away",
      () => [...readdirSync(home.file("moves")), ...readdirSync(home.file("deletes"))].length === 0,
    );
    await until("nothing runs or waits", async () => {
      const { watchers = [] } = await place.ask<WorkerStatus>("worker.status");
      return watchers.every(({ waiting, running, state }) => waiting + running === 0 && state === "watching");
    });
    expect(place.effects().sort()).toEqual(dropped.sort());
    const { units } = await place.ask<{ units: UnitSummary[] }>("units.list");
    expect(units.filter(({ stateName }) => stateName !== "Succeeded")).toEqual([]);
    expect(units.map(({ watcher, file }) => `${watcher}/${file}`).sort()).toEqual(
      dropped.map((effect) => effect.slice(home.path.length + 1, effect.indexOf("="))).sort(),
    );
    expect(readdirSync(home.file("done"))).toHaveLength(files / folders.length);
    expect(readdirSync(home.file("leaves"))).toHaveLength(files / folders.length);
  } finally {
    endMarkedProcesses(home.path);
  }
}, 600_000);
