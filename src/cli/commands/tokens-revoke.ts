import type { Command } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

/** `farhand tokens revoke`. */
export const tokensRevoke = {
  name: "tokens revoke",
  title: "Users, tokens and audit of a server",
  summary: "Make API tokens worth nothing",
  arguments: [{ name: "TOKEN", description: "ids of tokens", variadic: true }],
  options: [serverOption],
  examples: [["farhand tokens revoke 0a1b2c3d", "at once"]],
  async run({ words: [ids], options }, terminal) {
    const { revokeTokens } = await import("../server/own-access.ts");
    await withServer(options, terminal, (api) => revokeTokens(api, ids as readonly string[], terminal));
  },
} satisfies Command<ServerOptions>;
