import type { CommandOption } from "./command.ts";
import { workerModeOptions } from "./worker-mode-options.ts";

/** Options of commands that manage the worker of this machine. */
export const workerSocketOptions: readonly CommandOption[] = [
  ...workerModeOptions,
  {
    flags: "--socket <path>",
    description:
      "management socket; without it $FARHAND_WORKER_SOCKET, or where a worker of this user (of the system, for root) has it, or that of `farhand appliance` where no other runs",
    completes: "file",
  },
  {
    flags: "--password-file <file>",
    description: "file with the service password, where the socket alone is not enough",
    completes: "file",
  },
];
