import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

/** `farhand config rollback`. */
export const configRollback = {
  name: "config rollback",
  title: "Configurations a server holds",
  summary: "Put an old version of a configuration in force again, as a new one",
  arguments: [
    { name: "NAME", description: "name of the configuration" },
    { name: "VERSION", description: "the old one" },
  ],
  options: [jsonOption, serverOption],
  examples: [["farhand config rollback web-workers 3", "version 3 as it was"]],
  async run({ words: [name, to], options }, terminal) {
    const { rollbackConfig } = await import("../server/configs.ts");
    const wanted = { name: name as string, to: to as string };
    await withServer(options, terminal, (api) => rollbackConfig(api, wanted, options.json, terminal));
  },
} satisfies Command<ServerOptions & JsonOptions>;
