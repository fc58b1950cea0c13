import type { Command } from "../command.ts";
import type { WorkerEditOptions } from "../worker-edit.ts";
import { workerSocketOptions } from "../worker-socket-options.ts";

/** `farhand worker edit` (spec CAT-30, CAT-71). */
export const workerEdit = {
  name: "worker edit",
  summary: "Edit the configuration of the worker of this machine",
  details: [
    "Opens it in $VISUAL or $EDITOR and gives it to the worker, which checks it and writes it down. A worker of this user",
    "that does not run has its file edited; one of the system is started first.",
  ].join(" "),
  options: [
    {
      flags: "--from <file>",
      description: "take this file (YAML or JSON) instead of asking an editor",
      completes: "file",
    },
    { flags: "--comment <text>", description: "why, for the history" },
    ...workerSocketOptions,
  ],
  examples: [
    ["farhand worker edit", "in your editor"],
    ["farhand worker edit --from new.yaml --comment 'two more work types'", "from a script"],
  ],
  async run({ options }, terminal) {
    const { editWorker } = await import("../worker-edit.ts");
    await editWorker(options, terminal);
  },
} satisfies Command<WorkerEditOptions>;
