import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

/** `farhand audit verify`. */
export const auditVerify = {
  name: "audit verify",
  title: "Users, tokens and audit of a server",
  summary: "Check that no row of the audit was altered or is missing",
  options: [jsonOption, serverOption],
  examples: [["farhand audit verify", "exit code 1 and the first row that is wrong"]],
  async run({ options }, terminal) {
    const { verifyAudit } = await import("../server/audit.ts");
    return await withServer(options, terminal, (api) => verifyAudit(api, options.json, terminal));
  },
} satisfies Command<ServerOptions & JsonOptions>;
