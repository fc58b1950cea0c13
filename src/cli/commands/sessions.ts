import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

/** `farhand sessions`. */
export const sessions = {
  name: "sessions",
  title: "A server and your access to it",
  summary: "List your own sessions on a server",
  options: [jsonOption, serverOption],
  examples: [["farhand sessions", "where you are logged in"]],
  async run({ options }, terminal) {
    const { listSessions } = await import("../server/own-access.ts");
    await withServer(options, terminal, (api) => listSessions(api, options.json, terminal));
  },
} satisfies Command<ServerOptions & JsonOptions>;
