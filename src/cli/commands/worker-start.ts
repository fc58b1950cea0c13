import type { Command } from "../command.ts";
import { type WorkerModeOptions, workerModeOptions } from "../worker-mode-options.ts";

/** `farhand worker start` (spec CAT §1). */
export const workerStart = {
  name: "worker start",
  summary: "Run a worker from its configuration, as a service that can be managed",
  details:
    "In the foreground: systemd (`farhand worker install`), a container or a terminal keeps it. Its configuration is worker.yaml of the user or the system, or what the server holds under the name in WORKER_CONFIG. Without one only its management socket is open, and `farhand worker status` says what to do. SIGINT or SIGTERM stop it; units that run go on, and are found again at the next start.",
  options: workerModeOptions,
  examples: [
    ["farhand worker start", "the worker of this user; ~/.config/farhand/worker.yaml"],
    ["farhand worker start --system", "as the system service does; /etc/farhand/worker.yaml"],
  ],
  async run({ options }, terminal) {
    const { runWorkerService } = await import("../worker-service.ts");
    return await runWorkerService(options, terminal);
  },
} satisfies Command<WorkerModeOptions>;
