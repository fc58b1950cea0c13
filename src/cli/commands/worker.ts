import type { Command } from "../command.ts";

interface WorkerOptions {
  readonly config?: readonly string[];
}

/** `farhand worker`. */
export const worker = {
  name: "worker",
  summary: "Run a worker in the foreground",
  details: [
    "With -c it does what the configuration says, in either of Receptor's forms. Without, it runs on embedded defaults:",
    "a node named like this machine, a control socket and its units in a private folder ($XDG_STATE_HOME/farhand, or",
    "/var/lib/farhand for root), and two harmless work types, `hello` and `uppercase`. SIGINT or SIGTERM stop the worker;",
    "units that run go on, and are found again at the next start. The second signal ends it at once.",
  ].join(" "),
  options: [{ flags: "-c, --config <file>", description: "configuration file", repeatable: true, completes: "file" }],
  examples: [
    ["farhand worker", "a worker on embedded defaults"],
    ["farhand worker -c foo.yml", "one as a Receptor configuration describes it"],
  ],
  async run({ options }, terminal) {
    const { runWorker } = await import("../run-worker.ts");
    return await runWorker(options.config ?? [], terminal);
  },
} satisfies Command<WorkerOptions>;
