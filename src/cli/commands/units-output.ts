import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions } from "../server/server-options.ts";

interface UnitsOutputOptions extends ServerOptions, JsonOptions {
  readonly from?: string;
}

/** `farhand units output`. */
export const unitsOutput = {
  name: "units output",
  summary: "Print a unit's output, following it while the unit runs",
  details:
    "Ends with the unit's own exit code. Ctrl-C stops following, says how to go on, and leaves the unit as it is.",
  arguments: [
    { name: "WORKER", description: "name or id of the worker" },
    { name: "UNIT", description: "id of the unit" },
  ],
  options: [{ flags: "--from <byte>", description: "begin at this byte; 0 is the start" }, jsonOption, serverOption],
  examples: [["farhand units output brno-4 s5YkQ0aB", "print it from the start"]],
  async run({ words: [worker, unit], options }, terminal) {
    const { unitOutput } = await import("../server/units.ts");
    return await unitOutput({ worker: worker as string, unit: unit as string }, options, terminal);
  },
} satisfies Command<UnitsOutputOptions>;

export type { UnitsOutputOptions };
