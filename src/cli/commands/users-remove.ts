import type { Command } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

/** `farhand users remove`. */
export const usersRemove = {
  name: "users remove",
  title: "Users, tokens and audit of a server",
  summary: "Remove a user with their tokens; what they have open is cut",
  arguments: [{ name: "NAME", description: "the user" }],
  options: [serverOption],
  examples: [["farhand users remove ci", "a service account that nobody needs any more"]],
  async run({ words: [name], options }, terminal) {
    const { removeUser } = await import("../server/users.ts");
    await withServer(options, terminal, (api) => removeUser(api, name as string, terminal));
  },
} satisfies Command<ServerOptions>;
