import { type Command, jsonOption } from "../command.ts";
import type { RolloutOptions } from "../server/config-status.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

/** `farhand config rollout` (spec CAT-80). */
export const configRollout = {
  name: "config rollout",
  title: "Configurations a server holds",
  summary: "Show how a version comes from some workers to all, or stop it",
  details: [
    "A version that was put with --canary goes to all when the first workers went by it and stayed well. The first one that",
    "does not take it, or is lost, ends that: the version before holds again, as a new one.",
  ].join(" "),
  arguments: [{ name: "NAME", description: "name of the configuration" }],
  options: [
    { flags: "--pause", description: "no others get it by themselves" },
    { flags: "--resume", description: "go on" },
    { flags: "--finish", description: "all get it now" },
    { flags: "--abort", description: "take it back" },
    jsonOption,
    serverOption,
  ],
  examples: [
    ["farhand config rollout web-workers", "what it waits for"],
    ["farhand config rollout web-workers --abort", "back to the version before"],
  ],
  async run({ words: [name], options }, terminal) {
    const status = await import("../server/config-status.ts");
    await withServer(options, terminal, (api) => status.configRollout(api, name as string, options, terminal));
  },
} satisfies Command<ServerOptions & RolloutOptions>;
