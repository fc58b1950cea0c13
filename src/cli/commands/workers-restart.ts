import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { type ManyOptions, manyOptions } from "../server/many-options.ts";
import { serverOption, type ServerOptions } from "../server/server-options.ts";
import { withWorkers } from "../server/workers-api.ts";

/** `farhand workers restart`. */
export const workersRestart = {
  name: "workers restart",
  title: "Workers of a server",
  summary: "Start workers anew, each with its result",
  details:
    "Units run on; what waited for a restart in the configuration is in force afterwards. It needs the level admin.",
  arguments: [{ name: "WORKER", description: "names or ids", optional: true, variadic: true }],
  options: [...manyOptions, jsonOption, serverOption],
  examples: [["farhand workers restart brno-4", "then `farhand config status NAME`, or `config confirm brno-4`"]],
  async run({ words: [names = []], options }, terminal) {
    const { askMany, restartOn } = await import("../server/manage-workers.ts");
    const chosen = { names: names as readonly string[], label: options.label, all: options.all };
    return await withWorkers(options, terminal, (api) => askMany(api, chosen, restartOn(api), options.json, terminal));
  },
} satisfies Command<ServerOptions & JsonOptions & ManyOptions>;
