import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

interface ConfigGetOptions extends ServerOptions, JsonOptions {
  readonly versionNumber?: string;
}

/** `farhand config get`. */
export const configGet = {
  name: "config get",
  title: "Configurations a server holds",
  summary: "List configurations, or print one",
  arguments: [{ name: "NAME", description: "its name; without it all are listed", optional: true }],
  options: [{ flags: "--version-number <n>", description: "an old version" }, jsonOption, serverOption],
  examples: [
    ["farhand config get web-workers > web.json", "the document alone"],
    ["farhand config get", "names and versions"],
  ],
  async run({ words: [name], options }, terminal) {
    const { getConfig } = await import("../server/configs.ts");
    const { versionNumber: version, json } = options;
    const wanted = { ...(version === undefined ? {} : { version }), ...(json ? { json } : {}) };
    await withServer(options, terminal, (api) => getConfig(api, name as string | undefined, wanted, terminal));
  },
} satisfies Command<ConfigGetOptions>;

export type { ConfigGetOptions };
