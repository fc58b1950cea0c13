import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

/** `farhand tokens`. */
export const tokens = {
  name: "tokens",
  title: "Users, tokens and audit of a server",
  summary: "List your API tokens",
  options: [jsonOption, serverOption],
  examples: [["farhand tokens", "never the tokens themselves"]],
  async run({ options }, terminal) {
    const { listTokens } = await import("../server/own-access.ts");
    await withServer(options, terminal, (api) => listTokens(api, options.json, terminal));
  },
} satisfies Command<ServerOptions & JsonOptions>;
