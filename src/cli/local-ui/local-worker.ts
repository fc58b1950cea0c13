import { type JsonObject, silentLog } from "#core";
import { loadModes, placesOf } from "#worker";
import { CliError } from "../errors.ts";
import type { Terminal } from "../terminal.ts";
import { workerMode } from "../worker-mode.ts";
import { askWorker, otherSocket, type WorkerSocketOptions } from "../worker-socket.ts";

/** The worker that the local pages are about, asked with the authority of who opened them: the socket's (CAT-23). */
export class LocalWorker {
  readonly mode: "system" | "session" | "cloud";
  readonly places: ReturnType<typeof placesOf>;
  readonly env: Terminal["env"];
  readonly options: WorkerSocketOptions;
  /** Its management socket. */
  readonly socket: string;

  private constructor(options: WorkerSocketOptions, env: Terminal["env"], socket: string | undefined) {
    this.options = options;
    this.env = env;
    this.mode = workerMode(options, env);
    this.places = placesOf(this.mode, env, undefined, env["WORKER_STATE_DIR"] || undefined);
    this.socket = socket ?? this.places.socket;
  }

  static async of(options: WorkerSocketOptions, env: Terminal["env"]): Promise<LocalWorker> {
    return new LocalWorker(options, env, await otherSocket(options, env));
  }

  /** @throws {CliError} WORKER_SILENT. @throws {RemoteError} what it refuses, in its words. */
  ask(method: string, params: JsonObject = {}): Promise<unknown> {
    return askWorker({ ...this.options, socket: this.socket }, this.env, method, params);
  }

  async answers(): Promise<boolean> {
    try {
      await this.ask("worker.status");
      return true;
    } catch (error) {
      if (isSilent(error)) return false;
      throw error;
    }
  }

  /** How it is; of one that does not run, what its files say (CAT-12). */
  async state(): Promise<object> {
    try {
      return { runs: true, mode: this.mode, status: await this.ask("worker.status") };
    } catch (error) {
      if (!isSilent(error)) throw error;
      return { runs: false, mode: this.mode, reason: error.message, ...(await this.#written()) };
    }
  }

  /** Behind the back of a root process nothing is read or written (CAT-30). */
  async #written(): Promise<object> {
    if (this.mode !== "session") return { nextStep: "start the service: `systemctl start farhand-worker`" };
    const { openSetup, firstRunState, nextStep } = await loadModes();
    const setup = await openSetup({ mode: "session", env: { ...this.env }, apply: async () => {}, log: silentLog });
    try {
      const facts = { written: setup.configuration.written, membership: setup.identity.membership() };
      return { state: firstRunState(facts), nextStep: nextStep(facts, setup.places) };
    } finally {
      await setup.close();
    }
  }
}

/** Whether nobody answered at the socket. */
export function isSilent(error: unknown): error is CliError {
  return error instanceof CliError && error.code === "WORKER_SILENT";
}
