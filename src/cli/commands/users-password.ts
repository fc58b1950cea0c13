import type { Command } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

interface UsersPasswordOptions extends ServerOptions {
  readonly passwordFile?: string;
}

/** `farhand users password`. */
export const usersPassword = {
  name: "users password",
  title: "Users, tokens and audit of a server",
  summary: "Give a user another password",
  arguments: [{ name: "NAME", description: "the user" }],
  options: [
    {
      flags: "--password-file <file>",
      description: "file whose first line is the password; - is stdin",
      completes: "file",
    },
    serverOption,
  ],
  examples: [["farhand users password ann", "asks for it twice; her sessions end"]],
  async run({ words: [name], options }, terminal) {
    const { setPassword } = await import("../server/users.ts");
    await withServer(options, terminal, (api) => setPassword(api, name as string, options, terminal));
  },
} satisfies Command<UsersPasswordOptions>;

export type { UsersPasswordOptions };
