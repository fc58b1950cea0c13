import type { CommandOption } from "./command.ts";

/** Options of commands about a worker's set-up on this machine. */
export const workerModeOptions: readonly CommandOption[] = [
  { flags: "--system", description: "the worker of the system; for root this goes without saying" },
  { flags: "--session", description: "the worker of this user; for others than root this goes without saying" },
];

/** Values of {@link workerModeOptions}. */
export interface WorkerModeOptions {
  readonly system?: true;
  readonly session?: true;
}
