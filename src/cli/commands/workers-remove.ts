import type { Command } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

/** `farhand workers remove`. */
export const workersRemove = {
  name: "workers remove",
  title: "Workers of a server",
  summary: "Send workers away: they are cut off at once, and stay away",
  details:
    "Streams to them end, their certificates are worth nothing here any more, and only a new enrolment token lets them in again. What happened to them stays in the audit. Units that run on them go on there.",
  arguments: [{ name: "WORKER", description: "names or ids", variadic: true }],
  options: [serverOption],
  examples: [["farhand workers remove brno-4", "a machine that was lost"]],
  async run({ words: [workers], options }, terminal) {
    const { removeWorkers } = await import("../server/list-workers.ts");
    await withServer(options, terminal, (api) => removeWorkers(api, workers as readonly string[], terminal));
  },
} satisfies Command<ServerOptions>;
