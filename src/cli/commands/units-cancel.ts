import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions } from "../server/server-options.ts";
import { withWorkers } from "../server/workers-api.ts";

/** `farhand units cancel`. */
export const unitsCancel = {
  name: "units cancel",
  summary: "End a unit that runs",
  arguments: [
    { name: "WORKER", description: "name or id of the worker" },
    { name: "UNIT", description: "id of the unit" },
  ],
  options: [jsonOption, serverOption],
  examples: [["farhand units cancel brno-4 s5YkQ0aB", "ask it to end, and kill it when it does not"]],
  async run({ words: [worker, unit], options }, terminal) {
    const { cancelUnit } = await import("../server/units.ts");
    const named = { worker: worker as string, unit: unit as string };
    await withWorkers(options, terminal, (api) => cancelUnit(api, named, options.json, terminal));
  },
} satisfies Command<ServerOptions & JsonOptions>;
