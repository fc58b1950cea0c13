import type { Command } from "../command.ts";
import type { WorkerSocketOptions } from "../worker-socket.ts";
import { workerSocketOptions } from "../worker-socket-options.ts";

interface WorkerHardenOptions extends WorkerSocketOptions {
  readonly off?: true;
  readonly json?: true;
}

/** `farhand worker harden` (spec CAT-70). */
export const workerHarden = {
  name: "worker harden",
  summary: "Let nobody configure the worker of this machine from elsewhere without a code of its own",
  details: [
    "Shows a secret for an authenticator app once, and asks for a code of it. From then on whoever comes through the server",
    "does no more than operate before showing such a code (`farhand workers unlock`). The worker checks it by itself, so that",
    "not even whoever takes the server over can configure it. What operators may run is what its work types run.",
  ].join(" "),
  options: [{ flags: "--off", description: "ask for no code any more" }, ...workerSocketOptions],
  examples: [
    ["farhand worker harden", "set it up"],
    ["farhand worker harden --off", "have none, or the device is lost"],
  ],
  async run({ options }, terminal) {
    const { hardenWorker } = await import("../worker-harden.ts");
    await hardenWorker(options, terminal);
  },
} satisfies Command<WorkerHardenOptions>;

export type { WorkerHardenOptions };
