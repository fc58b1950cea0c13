import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { silentLog, timeLimit } from "#core";
import { openUnits, type Units, type UnitsOptions, type WorkTypeSettings } from "#work";
import { isFinal, type UnitStatus } from "#work/wire";
import { freshBuild } from "./daemon.ts";
import { isRunning, type LiveProcess, liveProcesses } from "./processes.ts";
import { type TempFolder, tempFolder } from "./temp-folder.ts";

/** One unit as the room `work` gives it. */
export type Unit = ReturnType<Units["get"]>;

/** Runs a script given as its only word of params; see {@link quoted}. */
export const shell = {
  kind: "command",
  workType: "sh",
  command: "sh",
  params: "-c",
  allowRuntimeParams: true,
} as const satisfies WorkTypeSettings;

/** Before the tests of a file that starts units: helpers are programs of the build, which `npm test` has just made. */
export async function builtHelpers(): Promise<void> {
  if (process.env["FARHAND_TEST_TEMP"] === undefined) await freshBuild();
}

/** A wait that no test is meant to reach: it only keeps a failing one from hanging. */
export function patience(): AbortSignal {
  return timeLimit(90_000);
}

/** One word of params, whatever is in it. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** Options of {@link openTestNode}; what is left out has one work type `sh` and logs nothing. */
export type TestNodeOptions = Partial<UnitsOptions> & { readonly folder?: TempFolder };

/** What a test submits; without `type` it is a script for the shell. */
export interface TestWork {
  readonly type?: string;
  readonly input?: string;
  /** Params as they are; otherwise the script is quoted. */
  readonly params?: string;
}

/** The units of one node, in a folder of its own. At the end of the scope none of their processes runs any more. */
export interface TestNode extends AsyncDisposable {
  readonly folder: TempFolder;
  readonly dataDir: string;
  /** Where the unit folders are. */
  readonly unitsDir: string;
  /** Those of the daemon that is open now. */
  readonly units: Units;
  /** Submit, and return when the unit was started or waits for a place. */
  start(script: string, work?: TestWork): Promise<Unit>;
  /** The same, and wait for the ending. */
  run(script: string, work?: TestWork): Promise<UnitStatus>;
  close(): void;
  /** Open the folder again, as the next daemon does. */
  reopen(options?: Partial<UnitsOptions>): Promise<void>;
}

/** Open the units of node `alpha`. */
export async function openTestNode(options: TestNodeOptions = {}): Promise<TestNode> {
  const folder = options.folder ?? (await tempFolder());
  const first = { dataDir: folder.path, nodeId: "alpha", workTypes: [shell], version: "1", log: silentLog, ...options };
  const unitsDir = join(first.dataDir, first.nodeId);
  let units = await openUnits(first);
  let isOpen = true;
  const close = () => {
    if (isOpen) units.close();
    isOpen = false;
  };
  const start = async (script: string, { type = "sh", input = "", params = quoted(script) }: TestWork = {}) => {
    const unit = units.allocate({ workType: type, params: params === "" ? {} : { params } });
    await units.receive(unit, bytesOf(input));
    await units.start(unit);
    return unit;
  };
  return {
    folder,
    dataDir: first.dataDir,
    unitsDir,
    get units() {
      return units;
    },
    start,
    run: async (script, work) => ended(await start(script, work)),
    close,
    reopen: async (changed) => {
      close();
      units = await openUnits({ ...first, ...changed });
      isOpen = true;
    },
    [Symbol.asyncDispose]: async () => {
      close();
      await endEverything(first.dataDir, first.nodeId);
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  if (text !== "") yield Buffer.from(text);
}

/** The final status of a unit. */
export async function ended(unit: Unit): Promise<UnitStatus> {
  await unit.until(({ State }) => isFinal(State), patience());
  return unit.status;
}

/** What a unit has written so far. */
export function outputOf(unit: Unit): string {
  return readFileSync(unit.folder.stdout, "utf8");
}

/** Wait until a unit has written this. */
export async function written(unit: Unit, text: string): Promise<string> {
  return await eventually(`${unit.id} writes ${text}`, () => {
    const output = outputOf(unit);
    return output.includes(text) ? output : undefined;
  });
}

/** Look again and again until something is found. What throws is not found yet. */
export async function eventually<T>(what: string, look: () => T | undefined | false): Promise<T> {
  const signal = patience();
  for (;;) {
    try {
      const found = look();
      if (found !== undefined && found !== false) return found;
    } catch (error) {
      if (signal.aborted) throw error;
    }
    if (signal.aborted) throw new Error(`waited in vain: ${what}`);
    await sleep(10);
  }
}

/** Every process of a unit that still runs: its reaper, its command, and all they started. */
export function processesOfUnit(id: string): LiveProcess[] {
  return liveProcesses().filter(({ pid, command }) => command === `farhand-reaper ${id}` || hasMark(pid, id));
}

function hasMark(pid: number, id: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(`FARHAND_UNIT_ID=${id}`);
  } catch {
    return false;
  }
}

/** Kill one process and wait until it is gone. */
export async function kill(pid: number, signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
  process.kill(pid, signal);
  await eventually(`${pid} ends`, () => !isRunning(pid));
}

/** Kill the helpers, then whatever their units left, until nothing of the node runs. */
async function endEverything(dataDir: string, nodeId: string): Promise<void> {
  await eventually(`everything of ${dataDir} ends`, () => {
    const left = [...helpersIn(dataDir, nodeId), ...unitIdsIn(dataDir, nodeId).flatMap(processesOfUnit)];
    for (const { pid } of left) process.kill(pid, "SIGKILL");
    return left.length === 0;
  });
}

/** Helpers that run, by the cards they left for the next daemon. */
export function helpersIn(dataDir: string, nodeId = "alpha"): LiveProcess[] {
  const folder = join(dataDir, ".farhand", nodeId, "helpers");
  const cards = namesIn(folder).filter((name) => name.endsWith(".json"));
  const pids = cards.map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")).process.pid as number);
  return liveProcesses().filter(({ pid, command }) => pids.includes(pid) && command.includes("helper"));
}

function unitIdsIn(dataDir: string, nodeId: string): string[] {
  const trashed = namesIn(join(dataDir, ".farhand", nodeId, "trash")).map((name) => name.replace(/\..*/, ""));
  return [...namesIn(join(dataDir, nodeId)), ...trashed].filter((name) => /^[0-9A-Za-z]{8,}$/.test(name));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
