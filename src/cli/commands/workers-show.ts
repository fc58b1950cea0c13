import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions } from "../server/server-options.ts";
import { withWorkers } from "../server/workers-api.ts";

/** `farhand workers show`. */
export const workersShow = {
  name: "workers show",
  title: "Workers of a server",
  summary: "Show one worker of a server, and what happened to it last",
  arguments: [{ name: "WORKER", description: "its name or id" }],
  options: [jsonOption, serverOption],
  examples: [["farhand workers show brno-4", "state and its cause, version, labels, events"]],
  async run({ words: [worker], options }, terminal) {
    const { showWorker } = await import("../server/list-workers.ts");
    await withWorkers(options, terminal, (api) => showWorker(api, worker as string, options.json, terminal));
  },
} satisfies Command<ServerOptions & JsonOptions>;
