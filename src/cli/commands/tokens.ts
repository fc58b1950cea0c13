import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

interface TokensOptions extends ServerOptions, JsonOptions {
  readonly user?: string;
}

/** `farhand tokens`. */
export const tokens = {
  name: "tokens",
  title: "Users, tokens and audit of a server",
  summary: "List your API tokens, or those of somebody whom you manage",
  options: [{ flags: "--user <name>", description: "whose; default our own" }, jsonOption, serverOption],
  examples: [
    ["farhand tokens", "never the tokens themselves"],
    ["farhand tokens --user ci", "of a service account"],
  ],
  async run({ options }, terminal) {
    const { listTokens } = await import("../server/own-access.ts");
    await withServer(options, terminal, (api) => listTokens(api, options, terminal));
  },
} satisfies Command<TokensOptions>;

export type { TokensOptions };
