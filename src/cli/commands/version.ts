import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { type ConnectionOptions, connectionOptions, withControl } from "../connection.ts";

/** `farhand version`. */
export const version = {
  name: "version",
  summary: "Print the versions of this program and of the worker",
  options: [jsonOption, ...connectionOptions],
  examples: [["farhand version", "do the two fit? `farhand --version` asks no worker"]],
  async run({ options }, terminal) {
    const [{ programVersion }, { oneLine }] = await Promise.all([import("../version.ts"), import("../quantities.ts")]);
    const request = { command: "status", requested_fields: ["Version"] };
    const reply = await withControl(options, terminal, (control) => control.call(request));
    const versions = { farhand: programVersion(), worker: oneLine(String(reply["Version"])) };
    if (options.json) terminal.print(JSON.stringify(versions));
    else terminal.print(`farhand ${versions.farhand}\nworker  ${versions.worker}`);
  },
} satisfies Command<ConnectionOptions & JsonOptions>;
