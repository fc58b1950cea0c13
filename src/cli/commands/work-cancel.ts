import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { type ConnectionOptions, connectionOptions } from "../connection.ts";

/** `farhand work cancel` (spec §1.11). */
export const workCancel = {
  name: "work cancel",
  summary: "End units that run; what they wrote is kept",
  details: [
    "The command's process group gets SIGINT. What left that group gets SIGTERM when the command is gone. The grace of the",
    "work type counts for the whole tree; what still runs at its end gets SIGKILL. The reply comes when nothing of the unit",
    "runs any more. Cancelling a unit that has ended does nothing.",
  ].join(" "),
  arguments: [{ name: "ID", description: "ids of the units", variadic: true, completes: "unit" }],
  options: [jsonOption, ...connectionOptions],
  examples: [
    ["farhand work cancel s5YkQ0aB", "end one unit"],
    ["farhand work cancel s5YkQ0aB Zb81kQpL --json", "end two, and print what became of each"],
  ],
  async run({ words: [unitIds], options }, terminal) {
    const [{ cancelUnit }, { endUnits }] = await Promise.all([import("#work"), import("../end-units.ts")]);
    const ids = unitIds as readonly string[];
    return await endUnits(ids, { word: "cancelled", end: cancelUnit, json: options.json }, options, terminal);
  },
} satisfies Command<ConnectionOptions & JsonOptions>;
