import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { type ConnectionOptions, connectionOptions } from "../connection.ts";

interface ResultsOptions extends ConnectionOptions, JsonOptions {
  readonly from?: string;
  readonly cancelOnInterrupt?: true;
}

/** `farhand work results` (spec §1.12, §6.3). */
export const workResults = {
  name: "work results",
  summary: "Print a unit's output, following it while the unit runs",
  details: [
    "Ends when the unit has ended and all of its output was printed; the exit code is the unit's own. When the connection",
    "breaks it is made again and goes on at the byte reached. Printed from the start, length and SHA-256 are checked",
    "against the final status. Ctrl-C stops following and says how to go on.",
  ].join(" "),
  arguments: [{ name: "ID", description: "id of the unit", completes: "unit" }],
  options: [
    { flags: "--from <byte>", description: "begin at this byte; 0 is the start" },
    { flags: "--cancel-on-interrupt", description: "Ctrl-C cancels the unit" },
    jsonOption,
    ...connectionOptions,
  ],
  examples: [
    ["farhand work results s5YkQ0aB", "print it from the start"],
    ["farhand work results s5YkQ0aB --from 4096 >> out", "fetch what is missing of a file with 4096 bytes"],
  ],
  async run({ words: [unitId], options }, terminal) {
    const { results } = await import("../results.ts");
    return await results(unitId as string, options, terminal);
  },
} satisfies Command<ResultsOptions>;

export type { ResultsOptions };
