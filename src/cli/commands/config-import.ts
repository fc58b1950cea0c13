import { type Command, jsonOption } from "../command.ts";
import { canaryOptions, canaryOf, type CanaryOptions } from "../server/canary.ts";
import type { ImportOptions } from "../server/config-versions.ts";
import { placeOptions } from "../server/place-options.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

/** `farhand config import`. */
export const configImport = {
  name: "config import",
  title: "Configurations a server holds",
  summary: "Put a file in force, whatever version there is",
  details:
    "What it changes is printed. A secret that shows as set keeps its value; a new one is written with its value.",
  arguments: [
    { name: "NAME", description: "a configuration, or a worker with one of its own; a new configuration is made" },
    { name: "FILE", description: "YAML or JSON; - is stdin", completes: "file" },
  ],
  options: [
    { flags: "--comment <text>", description: "why, for the history" },
    ...placeOptions,
    ...canaryOptions,
    jsonOption,
    serverOption,
  ],
  examples: [["farhand config import web-workers web.yaml", "as the next version"]],
  async run({ words: [name, file], options }, terminal) {
    const { importConfig } = await import("../server/config-versions.ts");
    const wish = { ...options, canary: canaryOf(options) };
    const from = { name: name as string, file: file as string };
    await withServer(options, terminal, (api) => importConfig(api, from, wish, terminal));
  },
} satisfies Command<ServerOptions & ImportOptions & CanaryOptions>;
