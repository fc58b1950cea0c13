import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { type CanaryOptions, canaryOptions } from "../server/canary.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

interface ConfigPutOptions extends ServerOptions, JsonOptions, CanaryOptions {
  readonly ifMatch?: string;
  readonly comment?: string;
}

/** `farhand config put`. */
export const configPut = {
  name: "config put",
  title: "Configurations a server holds",
  summary: "Put a file in force as the new version of a configuration",
  details: [
    "It must be said which version the file was made from: when somebody else was faster, nothing is written, and what both",
    "changed is shown. With --canary some workers have it first; the first one that fails ends it for all (`config rollout`).",
  ].join(" "),
  arguments: [
    { name: "NAME", description: "name of the configuration" },
    { name: "FILE", description: "YAML or JSON; - is stdin", completes: "file" },
  ],
  options: [
    { flags: "--if-match <n>", description: "version the file was made from; 0 for a new configuration" },
    { flags: "--comment <text>", description: "why, for the history" },
    ...canaryOptions,
    jsonOption,
    serverOption,
  ],
  examples: [
    ["farhand config put web-workers web.yaml --if-match 4", "as version 5"],
    ["farhand config put web-workers web.yaml --if-match 4 --canary 1 --healthy-for 60s", "one worker first"],
  ],
  async run({ words: [name, file], options }, terminal) {
    const { putConfig } = await import("../server/configs.ts");
    await withServer(options, terminal, (api) =>
      putConfig(api, { name: name as string, file: file as string }, options, terminal),
    );
  },
} satisfies Command<ConfigPutOptions>;

export type { ConfigPutOptions };
