import type { Command } from "../command.ts";
import type { WorkerSocketOptions } from "../worker-socket.ts";
import { workerSocketOptions } from "../worker-socket-options.ts";

/** Options of `farhand worker ui`. */
export interface WorkerUiOptions extends WorkerSocketOptions {
  readonly port?: string;
}

/** `farhand worker ui` (spec CAT-108). */
export const workerUi = {
  name: "worker ui",
  summary: "Open pages for the worker of this machine, in a browser of this machine",
  details:
    "They are there until Ctrl-C, on 127.0.0.1, whether the worker runs or not, and may do what who started them may at the worker's socket. The code is good once, for 10 minutes and one browser; five wrong ones, and it is none any more.",
  options: [{ flags: "--port <port>", description: "default one that is free" }, ...workerSocketOptions],
  examples: [["farhand worker ui", "its address, and the code that lets a browser in"]],
  async run({ options }, terminal) {
    const { runLocalUi } = await import("../worker-ui.ts");
    return await runLocalUi(options, terminal);
  },
} satisfies Command<WorkerUiOptions>;
