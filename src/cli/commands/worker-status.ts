import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import type { WorkerSocketOptions } from "../worker-socket.ts";
import { workerSocketOptions } from "../worker-socket-options.ts";

interface WorkerStatusOptions extends WorkerSocketOptions, JsonOptions {
  readonly pending?: true;
}

/** `farhand worker status` (spec CAT-12). */
export const workerStatus = {
  name: "worker status",
  summary: "Show how the worker of this machine is, and what to do next",
  options: [
    { flags: "--pending", description: "only the changed settings that are not in force yet" },
    jsonOption,
    ...workerSocketOptions,
  ],
  examples: [
    ["farhand worker status", "state, next step, switches, units"],
    ["farhand worker status --pending", "what waits for a restart"],
  ],
  async run({ options }, terminal) {
    const [{ askWorker }, { pendingLines, workerLines }] = await Promise.all([
      import("../worker-socket.ts"),
      import("../worker-text.ts"),
    ]);
    const status = (await askWorker(options, terminal.env, "worker.status")) as Parameters<typeof workerLines>[0];
    if (options.json) return terminal.print(JSON.stringify(options.pending ? status.pending : status));
    for (const line of options.pending ? pendingLines(status) : workerLines(status)) terminal.print(line);
  },
} satisfies Command<WorkerStatusOptions>;
