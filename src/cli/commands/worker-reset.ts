import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { type WorkerModeOptions, workerModeOptions } from "../worker-mode-options.ts";

export interface WorkerResetOptions extends WorkerModeOptions, JsonOptions {
  readonly all?: true;
  readonly restart?: true;
  readonly newSocket?: true;
  readonly password?: true;
  readonly api?: true;
  readonly lastGood?: true;
  readonly registration?: true;
  readonly yes?: true;
}

/** `farhand worker reset` (spec CAT-115, CAT-116). */
export const workerReset = {
  name: "worker reset",
  summary: "Get back into a worker that nobody gets into: password, API, configuration, registration",
  details:
    "For whoever the machine belongs to: the user in session mode, root in system mode. Steps are chosen one by one and shown before anything is done; units, logs and history stay. A service that runs is stopped for it, and its units go on.",
  options: [
    { flags: "--all", description: "every step but --registration" },
    { flags: "--restart", description: "restart the service" },
    { flags: "--new-socket", description: "make a new local socket" },
    { flags: "--password", description: "clear the service password" },
    { flags: "--api", description: "open the API on loopback" },
    { flags: "--last-good", description: "go back to the last configuration that was good" },
    { flags: "--registration", description: "forget the registration: it must be enrolled again" },
    { flags: "-y, --yes", description: "do it without asking" },
    ...workerModeOptions,
    jsonOption,
  ],
  examples: [
    ["farhand worker reset --password --yes", "a lost password"],
    ["sudo farhand worker reset --all", "a system worker; shows the steps and asks"],
  ],
  async run({ options }, terminal) {
    const { resetWorker } = await import("../worker-reset.ts");
    return await resetWorker(options, terminal);
  },
} satisfies Command<WorkerResetOptions>;
