import type { Command } from "../command.ts";
import { type WorkerModeOptions, workerModeOptions } from "../worker-mode-options.ts";

/** What `farhand worker start` is given. */
export interface WorkerStartOptions extends WorkerModeOptions {
  readonly stopGrace?: string;
}

/** `farhand worker start` (spec CAT §1). */
export const workerStart = {
  name: "worker start",
  summary: "Run a worker from its configuration, as a service that can be managed",
  details:
    "In the foreground: systemd (`farhand worker install`), a container or a terminal keeps it. Its configuration is worker.yaml of the user or the system, or what the server holds under the name in WORKER_CONFIG. Without one only its management socket is open, and `farhand worker status` says what to do. SIGINT or SIGTERM stop it; units that run go on, and are found again at the next start. As the first process of a container it takes no more work then, lets what runs end for 8 s (--stop-grace), interrupts the rest and ends: with 0, or with 143 when something had to be interrupted.",
  options: [
    ...workerModeOptions,
    {
      flags: "--stop-grace <time>",
      description:
        "how long what runs may go on after SIGTERM, such as 25s; default in a container 8s, elsewhere for good",
    },
  ],
  examples: [
    ["farhand worker start", "the worker of this user; ~/.config/farhand/worker.yaml"],
    ["farhand worker start --system", "as the system service does; /etc/farhand/worker.yaml"],
  ],
  async run({ options }, terminal) {
    const { runWorkerService } = await import("../worker-service.ts");
    return await runWorkerService(options, terminal);
  },
} satisfies Command<WorkerStartOptions>;
