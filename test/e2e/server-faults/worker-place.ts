import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { programs } from "../../kit/daemon.ts";
import { processMark } from "../../kit/marked-processes.ts";
import { type ProgramClock, programClock } from "../../kit/program-clock.ts";
import { runProcess } from "../../kit/processes.ts";
import { helperPids } from "../faults/killer.ts";
import { Supervised } from "./supervised.ts";

export interface WorkerWish {
  readonly name: string;
  /** Of the whole run. */
  readonly root: string;
  /** Where its state and its units are: a disk of its own. */
  readonly disk: string;
  readonly serverUrl: string;
  readonly token: string;
  /** As `farhand worker join` takes them: `tcp=HOST:PORT`. */
  readonly roads: readonly string[];
  /** Folder of the ledger. */
  readonly ledger: string;
}

/** A worker as its machine has it: a program that is kept running, its files, its helpers. */
export interface WorkerPlace {
  readonly name: string;
  readonly program: Supervised;
  readonly clock: ProgramClock;
  /** Folders of its units. */
  readonly units: string;
  helpers(): number[];
}

const command = join(import.meta.dirname, "..", "faults", "ledger-command.pl");

/** Join a worker to the server and start it: `farhand worker join`, its configuration edited, `farhand worker start`. */
export async function openWorkerPlace(wish: WorkerWish): Promise<WorkerPlace> {
  const { name, root, disk, serverUrl, token, roads, ledger } = wish;
  const [config, run] = [join(root, `${name}c`), join(root, `${name}r`)];
  mkdirSync(run);
  const tokenFile = join(root, `${name}.token`);
  writeFileSync(tokenFile, token, { mode: 0o600 });
  const clock = programClock(join(root, `${name}.clock`));
  const places = { XDG_STATE_HOME: disk, XDG_CONFIG_HOME: config, XDG_RUNTIME_DIR: run };
  const env = { ...places, ...clock.env, ...processMark(root), FARHAND_SOCKET: undefined };
  const words = ["worker", "join", serverUrl, "--session", "--token-file", tokenFile, "--name", name, "--add"];
  const road = roads.flatMap((each) => ["--road", each]);
  const joined = await runProcess(process.execPath, [programs.farhand, ...words, ...road, "--no-run", "--no-start"], {
    env,
  });
  if (joined.code !== 0) throw new Error(`${name} did not join: ${joined.stderr}`);
  offerLedger(join(config, "farhand", "worker.yaml"), ledger);
  const program = new Supervised({
    ...{ name, env, ready: /"Initialization complete"/ },
    words: [process.execPath, programs.farhand, "worker", "start", "--session"],
  });
  await program.start();
  const node = nodeOf(join(disk, "farhand"));
  const units = join(disk, "farhand", "units");
  const helpersDir = join(units, ".farhand", node, "helpers");
  return {
    ...{ name, program, clock },
    units: join(units, node),
    helpers: () => (existsSync(helpersDir) ? helperPids(helpersDir) : []),
  };
}

function offerLedger(file: string, ledger: string): void {
  const type = { worktype: "ledger", command: "perl", params: `${command} ${ledger}` };
  const more = { allowruntimeparams: true, cancelgrace: "500ms" };
  const text = readFileSync(file, "utf8");
  if (!text.includes("workTypes: []")) throw new Error(`a configuration nobody expected: ${text}`);
  writeFileSync(file, text.replace("workTypes: []", `workTypes: [${JSON.stringify({ ...type, ...more })}]`));
  appendFileSync(file, "helpers: {count: 2}\n");
}

function nodeOf(state: string): string {
  return (JSON.parse(readFileSync(join(state, "membership.json"), "utf8")) as { node: string }).node;
}
