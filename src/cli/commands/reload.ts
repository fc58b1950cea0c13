import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { type ConnectionOptions, connectionOptions, withControl } from "../connection.ts";

/** `farhand reload` (spec §1.7, §5.7). */
export const reload = {
  name: "reload",
  summary: "Have the worker read its configuration files again",
  details:
    "Only sections about mesh links can change while a worker runs; anything else needs a restart, and is refused.",
  options: [jsonOption, ...connectionOptions],
  examples: [["farhand reload", "exit code 3: needs a restart, 4: the file has faults"]],
  async run({ options }, terminal) {
    const reply = await withControl(options, terminal, (control) => control.call("reload"));
    const { reloadFault } = await import("../node-text.ts");
    const fault = reloadFault(reply);
    if (options.json) {
      terminal.print(JSON.stringify(reply));
      return fault?.exit ?? 0;
    }
    if (fault) throw fault;
    terminal.print("reloaded");
  },
} satisfies Command<ConnectionOptions & JsonOptions>;
