import { type JsonObject, silentLog } from "#core";
import { loadModes, placesOf } from "#worker";
import { CliError } from "../errors.ts";
import type { Terminal } from "../terminal.ts";
import { Joining } from "./joining.ts";
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
  /** The way to its server, while a person has to let it in. */
  readonly joining = new Joining();

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

  /** @throws {CliError} WORKER_SILENT, WORKER_DENIED. @throws {RemoteError} what it refuses, in its words. */
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
    const { mode } = this;
    // Its files are held by the joining meanwhile.
    if (this.joining.isRunning) return { runs: false, mode, reason: "it is being joined", ...this.joining.shown };
    try {
      return { runs: true, mode, status: await this.ask("worker.status"), ...this.joining.shown };
    } catch (error) {
      if (!isSilent(error)) throw error;
      return { runs: false, mode, reason: error.message, ...(await this.#written()), ...this.joining.shown };
    }
  }

  /** Whether it is a server's. */
  async isMember(): Promise<boolean> {
    const { status, state } = (await this.state()) as { status?: { name?: string }; state?: string };
    return status?.name !== undefined || state === "registered";
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
