import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

interface UsersSetOptions extends ServerOptions, JsonOptions {
  readonly role?: string;
  readonly label?: readonly string[];
  readonly everywhere?: true;
  readonly disable?: true;
  readonly enable?: true;
}

/** `farhand users set`. */
export const usersSet = {
  name: "users set",
  title: "Users, tokens and audit of a server",
  summary: "Change the role of a user, or shut the user out",
  arguments: [{ name: "NAME", description: "the user" }],
  options: [
    {
      flags: "--role <role>",
      description: "viewer, operator, configurer or admin",
      choices: ["viewer", "operator", "configurer", "admin"],
    },
    { flags: "--label <name=value>", description: "the role counts on workers with this label only", repeatable: true },
    { flags: "--everywhere", description: "the role counts on every worker" },
    { flags: "--disable", description: "nothing of the user works from now on" },
    { flags: "--enable", description: "it works again" },
    jsonOption,
    serverOption,
  ],
  examples: [
    ["farhand users set ann --role viewer", "what she has open is cut at once"],
    ["farhand users set bob --disable", "shut out"],
  ],
  async run({ words: [name], options }, terminal) {
    const { changeUser } = await import("../server/users.ts");
    await withServer(options, terminal, (api) => changeUser(api, name as string, options, terminal));
  },
} satisfies Command<UsersSetOptions>;

export type { UsersSetOptions };
