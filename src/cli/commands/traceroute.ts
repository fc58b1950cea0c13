import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { type ConnectionOptions, connectionOptions, withControl } from "../connection.ts";

/** `farhand traceroute` (spec §1.4). */
export const traceroute = {
  name: "traceroute",
  summary: "Show the nodes on the way to a node of the mesh",
  arguments: [{ name: "NODE", description: "id of the node" }],
  options: [jsonOption, ...connectionOptions],
  examples: [["farhand traceroute node7", "one line for each hop"]],
  async run({ words: [node], options }, terminal) {
    const { hopLines } = await import("../node-text.ts");
    const request = { command: "traceroute", target: node as string };
    const hops = await withControl(options, terminal, (control) => control.call(request));
    const { lines, fault } = hopLines(hops);
    if (options.json) terminal.print(JSON.stringify(hops));
    else for (const line of lines) terminal.print(line);
    if (fault === undefined) return 0;
    if (options.json) return 5;
    const { CliError } = await import("../errors.ts");
    throw new CliError("PING_FAILED", `${node as string} was not reached: ${fault}`);
  },
} satisfies Command<ConnectionOptions & JsonOptions>;
