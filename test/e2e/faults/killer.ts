import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Daemon, startDaemon } from "../../kit/daemon.ts";

/** Restarts the daemon for as long as it lasts, and kills it and its helpers at moments that follow from a seed. */
export class Killer implements AsyncDisposable {
  readonly #start: () => Promise<Daemon>;
  readonly #helpersDir: string;
  readonly #random: () => number;
  #daemon: Daemon | undefined;
  readonly kills = { daemon: 0, helper: 0, launcher: 0 };

  constructor(config: string, socket: string, helpersDir: string, random: () => number) {
    this.#start = () => startDaemon({ args: ["-c", config], socket });
    this.#helpersDir = helpersDir;
    this.#random = random;
  }

  get count(): number {
    return this.kills.daemon + this.kills.helper + this.kills.launcher;
  }

  get daemon(): Daemon {
    if (!this.#daemon) throw new Error("no daemon runs");
    return this.#daemon;
  }

  async start(): Promise<void> {
    this.#daemon = await this.#start();
  }

  /** One blow after a random pause: the daemon, the helpers, their launchers, or daemon and helpers together. */
  async strike(): Promise<void> {
    await sleep(this.#random() * 400);
    const choice = this.#random();
    if (choice < 0.25) this.#kill("helper", helperPids(this.#helpersDir));
    else if (choice < 0.45) this.#kill("launcher", helperPids(this.#helpersDir).flatMap(launchersOf));
    else await this.#killDaemon(choice < 0.7);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon?.stop("SIGTERM");
  }

  async #killDaemon(andHelpers: boolean): Promise<void> {
    const helpers = andHelpers ? helperPids(this.#helpersDir) : [];
    const gone = this.daemon.stop("SIGKILL");
    this.kills.daemon++;
    this.#kill("helper", helpers);
    await gone;
    await this.start();
  }

  #kill(kind: "helper" | "launcher", pids: readonly number[]): void {
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
        this.kills[kind]++;
      } catch {
        // It had gone by itself.
      }
    }
  }
}

/** Helpers that live, by the cards in the node's private folder. */
export function helperPids(dir: string): number[] {
  return readdirSync(dir)
    .filter((name) => name.endsWith(".json"))
    .flatMap((name) => {
      try {
        const { process } = JSON.parse(readFileSync(join(dir, name), "utf8")) as { process: { pid: number } };
        return /farhand-helper/.test(nameOf(process.pid)) ? [process.pid] : [];
      } catch {
        return [];
      }
    });
}

/** Launchers of a helper that live. */
export function launchersOf(helper: number): number[] {
  try {
    const children = readFileSync(`/proc/${helper}/task/${helper}/children`, "latin1").trim().split(" ");
    return children.map(Number).filter((pid) => pid > 0 && nameOf(pid).startsWith("farhand-launcher"));
  } catch {
    return [];
  }
}

function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1");
  } catch {
    return "";
  }
}
