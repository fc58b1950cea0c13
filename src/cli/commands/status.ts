import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { type ConnectionOptions, connectionOptions, withControl } from "../connection.ts";

/** `farhand status` (spec §1.5). */
export const status = {
  name: "status",
  summary: "Show the worker: its node, its mesh, and when its certificates end",
  options: [jsonOption, ...connectionOptions],
  examples: [
    ["farhand status", "the worker on embedded defaults"],
    ["farhand status --socket tcp://127.0.0.1:7323 --json", "another one, for programs"],
  ],
  async run({ options }, terminal) {
    const { nodeLines, statusFields } = await import("../node-text.ts");
    const request = { command: "status", requested_fields: statusFields };
    const reply = await withControl(options, terminal, (control) => control.call(request));
    if (options.json) return terminal.print(JSON.stringify(reply));
    for (const line of nodeLines(reply, terminal.colours, Date.now())) terminal.print(line);
  },
} satisfies Command<ConnectionOptions & JsonOptions>;
