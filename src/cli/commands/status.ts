import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { type ConnectionOptions, connectionOptions, withControl } from "../connection.ts";

/** `farhand status` (spec §1.5). */
export const status = {
  name: "status",
  summary: "Show the worker: its node, its links and its work types",
  options: [jsonOption, ...connectionOptions],
  examples: [
    ["farhand status", "the worker on embedded defaults"],
    ["farhand status --socket tcp://127.0.0.1:7323 --json", "another one, for programs"],
  ],
  async run({ options }, terminal) {
    const reply = await withControl(options, terminal, (control) => control.call("status"));
    if (options.json) return terminal.print(JSON.stringify(reply));
    const { nodeLines } = await import("../node-text.ts");
    for (const line of nodeLines(reply, terminal.colours)) terminal.print(line);
  },
} satisfies Command<ConnectionOptions & JsonOptions>;
