import type { Command } from "../command.ts";
import type { WorkerSocketOptions } from "../worker-socket.ts";
import { workerSocketOptions } from "../worker-socket-options.ts";

/** `farhand worker stop`. */
export const workerStop = {
  name: "worker stop",
  summary: "Stop the worker of this machine; units that run go on",
  options: workerSocketOptions,
  examples: [["farhand worker stop", "the worker of this user, or of the system for root"]],
  async run({ options }, terminal) {
    const { askWorker } = await import("../worker-socket.ts");
    await askWorker(options, terminal.env, "worker.stop");
    terminal.say("the worker stops");
  },
} satisfies Command<WorkerSocketOptions>;
