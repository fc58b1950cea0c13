import type { Command } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

interface PasswordOptions extends ServerOptions {
  readonly currentFile?: string;
  readonly passwordFile?: string;
}

/** `farhand password`. */
export const password = {
  name: "password",
  title: "A server and your access to it",
  summary: "Change your own password on a server",
  options: [
    { flags: "--current-file <file>", description: "file whose first line is the current one", completes: "file" },
    {
      flags: "--password-file <file>",
      description: "file whose first line is the password; - is stdin",
      completes: "file",
    },
    serverOption,
  ],
  examples: [["farhand password", "asks for both; your other sessions end"]],
  async run({ options }, terminal) {
    const { changePassword } = await import("../server/own-access.ts");
    await withServer(options, terminal, (api) => changePassword(api, options, terminal));
  },
} satisfies Command<PasswordOptions>;

export type { PasswordOptions };
