import type { Command } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

/** `farhand config confirm` (spec CAT-75). */
export const configConfirm = {
  name: "config confirm",
  title: "Configurations a server holds",
  summary: "Confirm an edit of a worker's own configuration, so that it stays",
  details: [
    "An edit that changes how a worker is reached returns by itself after two minutes. Who made it confirms it in time, over",
    "a new connection as this is one; what needs a new start of the worker must be in force by then.",
  ].join(" "),
  arguments: [{ name: "WORKER", description: "name or id" }],
  options: [serverOption],
  examples: [["farhand config confirm brno-4", "after `farhand workers restart brno-4`"]],
  async run({ words: [worker], options }, terminal) {
    const { confirmConfig } = await import("../server/manage-workers.ts");
    await withServer(options, terminal, (api) => confirmConfig(api, worker as string, terminal));
  },
} satisfies Command<ServerOptions>;
