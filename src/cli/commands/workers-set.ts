import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

interface WorkersSetOptions extends ServerOptions, JsonOptions {
  readonly label?: readonly string[];
  readonly unlabel?: readonly string[];
}

/** `farhand workers set`. */
export const workersSet = {
  name: "workers set",
  title: "Workers of a server",
  summary: "Change the labels of a worker",
  details:
    "The label `farhand/config` names the configuration that a cloud worker is given; to set it one must be allowed to write that.",
  arguments: [{ name: "WORKER", description: "name or id" }],
  options: [
    { flags: "--label <name=value>", description: "set this label", repeatable: true },
    { flags: "--unlabel <name>", description: "remove this label", repeatable: true },
    jsonOption,
    serverOption,
  ],
  examples: [["farhand workers set brno-4 --label site=brno --label farhand/config=web-workers", "the others stay"]],
  async run({ words: [worker], options }, terminal) {
    const { setLabels } = await import("../server/manage-workers.ts");
    await withServer(options, terminal, (api) => setLabels(api, worker as string, options, terminal));
  },
} satisfies Command<WorkersSetOptions>;
