import type { Command } from "../command.ts";
import type { WorkerEditOptions } from "../worker-edit.ts";
import { workerSocketOptions } from "../worker-socket-options.ts";

/** `farhand worker entitlement` (spec CAT-101). */
export const workerEntitlement = {
  name: "worker entitlement",
  summary: "Enter a signed entitlement at the worker of this machine",
  details:
    "Into its configuration, whether it runs or not, before any password or server is set. Its server judges it, for this worker alone; WORKER_ENTITLEMENT in the environment of the service comes first.",
  arguments: [{ name: "FILE", description: "that holds it, from `fhe1.` to its end", completes: "file" }],
  options: [...workerSocketOptions],
  examples: [["farhand worker entitlement acme.entitlement", "what it says, and that it is written"]],
  async run({ words: [file], options }, terminal) {
    const { enterAtWorker } = await import("../worker-entitlement.ts");
    await enterAtWorker(file as string, options, terminal);
  },
} satisfies Command<WorkerEditOptions>;
