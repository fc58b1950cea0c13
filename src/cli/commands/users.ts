import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

/** `farhand users`. */
export const users = {
  name: "users",
  title: "Users, tokens and audit of a server",
  summary: "List the users of a server",
  options: [jsonOption, serverOption],
  examples: [["farhand users", "names, roles, second factors"]],
  async run({ options }, terminal) {
    const { listUsers } = await import("../server/users.ts");
    await withServer(options, terminal, (api) => listUsers(api, options.json, terminal));
  },
} satisfies Command<ServerOptions & JsonOptions>;
