import type { Command } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

interface TokensRevokeOptions extends ServerOptions {
  readonly user?: string;
}

/** `farhand tokens revoke`. */
export const tokensRevoke = {
  name: "tokens revoke",
  title: "Users, tokens and audit of a server",
  summary: "Make API tokens worth nothing",
  arguments: [{ name: "TOKEN", description: "ids of tokens", variadic: true }],
  options: [{ flags: "--user <name>", description: "whose; default our own" }, serverOption],
  examples: [["farhand tokens revoke 0a1b2c3d", "at once"]],
  async run({ words: [ids], options }, terminal) {
    const { revokeTokens } = await import("../server/own-access.ts");
    await withServer(options, terminal, (api) => revokeTokens(api, ids as readonly string[], options.user, terminal));
  },
} satisfies Command<TokensRevokeOptions>;
