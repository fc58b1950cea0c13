import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions } from "../server/server-options.ts";

/** `farhand progress`. */
export const progress = {
  name: "progress",
  summary: "Show how far a unit is, live, by the progress lines in its output",
  details:
    "On a terminal a bar is drawn. With --json each progress line is a JSON document, and the last one says how the unit ended. Ends with the unit's own exit code; Ctrl-C leaves the unit as it is.",
  arguments: [
    { name: "WORKER", description: "name or id of the worker" },
    { name: "UNIT", description: "id of the unit" },
  ],
  options: [jsonOption, serverOption],
  examples: [["farhand progress brno-4 s5YkQ0aB", "a bar, until the unit has ended"]],
  async run({ words: [worker, unit], options }, terminal) {
    const { showProgress } = await import("../server/progress.ts");
    return await showProgress({ worker: worker as string, unit: unit as string }, options, terminal);
  },
} satisfies Command<ServerOptions & JsonOptions>;
