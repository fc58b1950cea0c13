import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import type { PlaceOptions } from "../server/config-place.ts";
import { placeOptions } from "../server/place-options.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

/** `farhand config export`. */
export const configExport = {
  name: "config export",
  title: "Configurations a server holds",
  summary: "Print a configuration as a file for `config import`",
  details:
    "YAML, or with --json JSON. Secrets are not in it: they show as set, and importing keeps those that are there.",
  arguments: [{ name: "NAME", description: "a configuration, or a worker with one of its own" }],
  options: [...placeOptions, jsonOption, serverOption],
  examples: [["farhand config export web-workers > web.yaml", "to keep, or to take elsewhere"]],
  async run({ words: [name], options }, terminal) {
    const { exportConfig } = await import("../server/config-versions.ts");
    await withServer(options, terminal, (api) => exportConfig(api, name as string, options, terminal));
  },
} satisfies Command<ServerOptions & JsonOptions & PlaceOptions>;
