import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

interface UsersSessionsOptions extends ServerOptions, JsonOptions {
  readonly end?: true;
}

/** `farhand users sessions`. */
export const usersSessions = {
  name: "users sessions",
  title: "Users, tokens and audit of a server",
  summary: "List the sessions of a user, or end them all",
  arguments: [{ name: "NAME", description: "the user" }],
  options: [{ flags: "--end", description: "end all of them" }, jsonOption, serverOption],
  examples: [
    ["farhand users sessions ann", "where she is logged in"],
    ["farhand users sessions ann --end", "log her out everywhere"],
  ],
  async run({ words: [name], options }, terminal) {
    const { userSessions } = await import("../server/users.ts");
    await withServer(options, terminal, (api) => userSessions(api, name as string, options, terminal));
  },
} satisfies Command<UsersSessionsOptions>;

export type { UsersSessionsOptions };
