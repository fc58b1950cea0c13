import { type Command, jsonOption } from "../command.ts";
import type { DiffOptions } from "../server/config-versions.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

/** `farhand config diff`. */
export const configDiff = {
  name: "config diff",
  title: "Configurations a server holds",
  summary: "Show what differs between two versions, or between the newest and a file",
  arguments: [{ name: "NAME", description: "name of the configuration" }],
  options: [
    { flags: "--from <version>", description: "the old one; without it the one before the other" },
    { flags: "--to <version>", description: "the new one; without it the newest" },
    { flags: "--file <file>", description: "YAML or JSON to compare the newest with", completes: "file" },
    jsonOption,
    serverOption,
  ],
  examples: [
    ["farhand config diff web-workers", "what the last version changed"],
    ["farhand config diff web-workers --file web.yaml", "what an import would change"],
  ],
  async run({ words: [name], options }, terminal) {
    const { diffConfig } = await import("../server/config-versions.ts");
    await withServer(options, terminal, (api) => diffConfig(api, name as string, options, terminal));
  },
} satisfies Command<ServerOptions & DiffOptions>;
