import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions } from "../server/server-options.ts";
import { withWorkers } from "../server/workers-api.ts";

/** `farhand units show`. */
export const unitsShow = {
  name: "units show",
  summary: "Show how one unit is, or how it ended",
  arguments: [
    { name: "WORKER", description: "name or id of the worker" },
    { name: "UNIT", description: "id of the unit" },
  ],
  options: [jsonOption, serverOption],
  examples: [["farhand units show brno-4 s5YkQ0aB", "state, times, exit code, size of its output"]],
  async run({ words: [worker, unit], options }, terminal) {
    const { showUnit } = await import("../server/units.ts");
    const named = { worker: worker as string, unit: unit as string };
    await withWorkers(options, terminal, (api) => showUnit(api, named, options.json, terminal));
  },
} satisfies Command<ServerOptions & JsonOptions>;
