import { setTimeout as sleep } from "node:timers/promises";
import { type StartedProcess, startProcess } from "../../kit/processes.ts";

export interface SupervisedOptions {
  readonly name: string;
  /** The program and its arguments. */
  readonly words: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A line that says that it has started. */
  readonly ready: RegExp;
}

/** Between two starts of a program that does not come up: what it needs may be down. */
const againMs = 250;

/** A program that is started again whenever it is gone, as a supervisor of the system does it. */
export class Supervised {
  readonly name: string;
  readonly #options: SupervisedOptions;
  #process: StartedProcess | undefined;
  #isOver = false;
  /** It ended and nobody had killed it: how, and its last words. */
  readonly falls: string[] = [];
  /** It ended before it was up. */
  readonly failedStarts: string[] = [];
  readonly #ordered = new WeakSet<StartedProcess>();
  #said = "";

  constructor(options: SupervisedOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /** Of the process there is now; undefined while there is none. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Everything that all of its processes have said. */
  get said(): string {
    const now = this.#process;
    return now ? `${this.#said}${now.stdout()}${now.stderr()}` : this.#said;
  }

  /** Start it, as often as it takes. @returns what the line that says it is up reads. */
  async start(): Promise<string> {
    const { words, env, ready } = this.#options;
    for (;;) {
      const [program, ...more] = words;
      const started = await startProcess(program, more, { env });
      this.#process = started;
      try {
        const line = await started.line(ready);
        void started.ended.then(() => this.#fell(started));
        return line;
      } catch {
        this.#keep(started);
        if (this.#isOver || this.#ordered.has(started)) return "";
        this.failedStarts.push(lastWords(started));
        await sleep(againMs);
      }
    }
  }

  /** A line of the process there is now. */
  async line(pattern: RegExp): Promise<string> {
    if (!this.#process) throw new Error(`${this.name} does not run`);
    return await this.#process.line(pattern, AbortSignal.timeout(30_000));
  }

  /** Kill it, and start it again when it was away for so long. */
  async killFor(awayMs: number): Promise<void> {
    const killed = this.#process;
    if (killed) {
      this.#ordered.add(killed);
      await killed.stop("SIGKILL");
      this.#keep(killed);
    }
    await sleep(awayMs);
    await this.start();
  }

  /** For good, and not before it is gone. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    this.#isOver = true;
    await this.#process?.stop(signal);
  }

  #fell(process: StartedProcess): void {
    if (this.#isOver || this.#ordered.has(process)) return;
    this.falls.push(lastWords(process));
    this.#keep(process);
    void this.start();
  }

  #keep(process: StartedProcess): void {
    if (this.#process !== process) return;
    this.#said += `${process.stdout()}${process.stderr()}`;
    this.#process = undefined;
  }
}

function lastWords({ child, stdout, stderr }: StartedProcess): string {
  return `${child.exitCode ?? child.signalCode}: ${stdout().slice(-500)}${stderr().slice(-1_500)}`;
}
