import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions } from "../server/server-options.ts";
import { withWorkers } from "../server/workers-api.ts";

/** `farhand units list`. */
export const unitsList = {
  name: "units list",
  summary: "List the units of a worker",
  arguments: [{ name: "WORKER", description: "name or id of the worker" }],
  options: [jsonOption, serverOption],
  examples: [["farhand units list brno-4", "a table of all units"]],
  async run({ words: [worker], options }, terminal) {
    const { listUnits } = await import("../server/units.ts");
    await withWorkers(options, terminal, (api) => listUnits(api, worker as string, options.json, terminal));
  },
} satisfies Command<ServerOptions & JsonOptions>;
