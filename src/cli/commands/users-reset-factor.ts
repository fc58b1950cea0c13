import type { Command } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

/** `farhand users reset-factor`. */
export const usersResetFactor = {
  name: "users reset-factor",
  title: "Users, tokens and audit of a server",
  summary: "Take the second factor of a user away, for who lost the device",
  arguments: [{ name: "NAME", description: "the user" }],
  options: [serverOption],
  examples: [["farhand users reset-factor ann", "she sets up a new one"]],
  async run({ words: [name], options }, terminal) {
    const { resetFactor } = await import("../server/users.ts");
    await withServer(options, terminal, (api) => resetFactor(api, name as string, terminal));
  },
} satisfies Command<ServerOptions>;
