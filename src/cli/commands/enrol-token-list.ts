import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

/** `farhand enrol-token list`. */
export const enrolTokenList = {
  name: "enrol-token list",
  title: "Users, tokens and audit of a server",
  summary: "List enrolment tokens, used and expired ones too",
  options: [jsonOption, serverOption],
  examples: [["farhand enrol-token list", "which worker used which"]],
  async run({ options }, terminal) {
    const { listEnrolments } = await import("../server/enrol.ts");
    await withServer(options, terminal, (api) => listEnrolments(api, options.json, terminal));
  },
} satisfies Command<ServerOptions & JsonOptions>;
