import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { type ConnectionOptions, connectionOptions, withControl } from "../connection.ts";

interface ListOptions extends ConnectionOptions, JsonOptions {
  readonly quiet?: true;
  readonly node?: string;
  readonly tlsClient?: string;
}

/** `farhand work list` (spec §1.10, §6.3). */
export const workList = {
  name: "work list",
  summary: "Show the units a worker has, oldest first",
  arguments: [{ name: "ID", description: "only this unit", optional: true, completes: "unit" }],
  options: [
    { flags: "-q, --quiet", description: "print ids and nothing else" },
    { flags: "--node <id>", description: "ask this node, through the worker spoken to" },
    { flags: "--tls-client <name>", description: "tls-client profile the worker reaches that node with" },
    jsonOption,
    ...connectionOptions,
  ],
  examples: [
    ["farhand work list", "a table of all units"],
    ["farhand work list --json", "the same for programs, by id"],
    ["farhand work release $(farhand work list -q)", "release all of them"],
  ],
  async run({ words: [unitId], options }, terminal) {
    const [{ listUnits, unitStatus }, { oldestFirst, unitTable }, { overNode }] = await Promise.all([
      import("#work"),
      import("../unit-text.ts"),
      import("../over-node.ts"),
    ]);
    const reply = await withControl(options, terminal, async (control) => {
      if (options.node !== undefined) await overNode(control, options.node, options.tlsClient);
      const id = unitId as string | undefined;
      return id === undefined ? await listUnits(control) : { [id]: await unitStatus(control, id) };
    });
    const units = oldestFirst(reply);
    if (options.json) terminal.print(JSON.stringify(units));
    else if (options.quiet) for (const id of Object.keys(units)) terminal.print(id);
    else if (Object.keys(units).length === 0) terminal.say("no units");
    else for (const line of unitTable(units, Date.now(), terminal)) terminal.print(line);
  },
} satisfies Command<ListOptions>;
