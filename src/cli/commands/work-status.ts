import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { type ConnectionOptions, connectionOptions, withControl } from "../connection.ts";

/** `farhand work status` (spec §1.10). */
export const workStatus = {
  name: "work status",
  summary: "Show the state of one unit",
  arguments: [{ name: "ID", description: "id of the unit", completes: "unit" }],
  options: [jsonOption, ...connectionOptions],
  examples: [
    ["farhand work status s5YkQ0aB", "state, times, exit code, size and checksum of the output"],
    ["farhand work status s5YkQ0aB --json", "the same for programs"],
  ],
  async run({ words: [unitId], options }, terminal) {
    const [{ unitStatus }, { unitLines }] = await Promise.all([import("#work"), import("../unit-text.ts")]);
    const id = unitId as string;
    const report = await withControl(options, terminal, (control) => unitStatus(control, id));
    if (options.json) terminal.print(JSON.stringify(report));
    else for (const line of unitLines(id, report, Date.now(), terminal)) terminal.print(line);
  },
} satisfies Command<ConnectionOptions & JsonOptions>;
