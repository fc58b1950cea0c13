import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

interface UsersAddOptions extends ServerOptions, JsonOptions {
  readonly role?: string;
  readonly label?: readonly string[];
  readonly service?: true;
  readonly passwordFile?: string;
}

/** `farhand users add`. */
export const usersAdd = {
  name: "users add",
  title: "Users, tokens and audit of a server",
  summary: "Make a user",
  details:
    "The password is asked for, or read from a file. A service account has none: it gets in with API tokens only.",
  arguments: [{ name: "NAME", description: "name to log in with" }],
  options: [
    {
      flags: "--role <role>",
      description: "viewer, operator, configurer or admin",
      choices: ["viewer", "operator", "configurer", "admin"],
    },
    { flags: "--label <name=value>", description: "the role counts on workers with this label only", repeatable: true },
    { flags: "--service", description: "a service account" },
    {
      flags: "--password-file <file>",
      description: "file whose first line is the password; - is stdin",
      completes: "file",
    },
    jsonOption,
    serverOption,
  ],
  examples: [["farhand users add ann --role operator", "asks for her password"]],
  async run({ words: [name], options }, terminal) {
    const { addUser } = await import("../server/users.ts");
    await withServer(options, terminal, (api) => addUser(api, name as string, options, terminal));
  },
} satisfies Command<UsersAddOptions>;

export type { UsersAddOptions };
