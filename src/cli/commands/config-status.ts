import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

/** `farhand config status` (spec CAT-79). */
export const configStatus = {
  name: "config status",
  title: "Configurations a server holds",
  summary: "Show which worker goes by which version, and what became of the newest one at each",
  details: [
    "applied: in force. pending: taken, and in force when its units have ended (drain) or at its next start (restart).",
    "failed: not taken, with the reason; the worker keeps the version before.",
  ].join(" "),
  arguments: [{ name: "NAME", description: "name of the configuration" }],
  options: [jsonOption, serverOption],
  examples: [["farhand config status web-workers", "a line for each worker"]],
  async run({ words: [name], options }, terminal) {
    const status = await import("../server/config-status.ts");
    await withServer(options, terminal, (api) => status.configStatus(api, name as string, options.json, terminal));
  },
} satisfies Command<ServerOptions & JsonOptions>;
