import type { Command } from "../command.ts";
import type { WorkerSocketOptions } from "../worker-socket.ts";
import { workerSocketOptions } from "../worker-socket-options.ts";

/** `farhand worker restart`. */
export const workerRestart = {
  name: "worker restart",
  summary: "Restart the worker of this machine; units that run go on",
  options: workerSocketOptions,
  examples: [["farhand worker restart", "the worker of this user, or of the system for root"]],
  async run({ options }, terminal) {
    const { askWorker } = await import("../worker-socket.ts");
    await askWorker(options, terminal.env, "worker.restart");
    terminal.say("the worker restarts");
  },
} satisfies Command<WorkerSocketOptions>;
