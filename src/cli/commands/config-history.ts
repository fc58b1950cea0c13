import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

/** `farhand config history`. */
export const configHistory = {
  name: "config history",
  title: "Configurations a server holds",
  summary: "Show the versions of a configuration, and what each changed",
  arguments: [{ name: "NAME", description: "name of the configuration" }],
  options: [jsonOption, serverOption],
  examples: [["farhand config history web-workers", "the newest first"]],
  async run({ words: [name], options }, terminal) {
    const configs = await import("../server/configs.ts");
    await withServer(options, terminal, (api) => configs.configHistory(api, name as string, options.json, terminal));
  },
} satisfies Command<ServerOptions & JsonOptions>;
