import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

interface AuditListOptions extends ServerOptions, JsonOptions {
  readonly after?: string;
  readonly limit?: string;
}

/** `farhand audit list`. */
export const auditList = {
  name: "audit list",
  title: "Users, tokens and audit of a server",
  summary: "Print rows of the audit, the oldest first",
  options: [
    { flags: "--after <row>", description: "begin behind this row" },
    { flags: "--limit <n>", description: "how many rows" },
    jsonOption,
    serverOption,
  ],
  examples: [["farhand audit list --after 1200", "who did what, and when"]],
  async run({ options }, terminal) {
    const { listAudit } = await import("../server/audit.ts");
    await withServer(options, terminal, (api) => listAudit(api, options, terminal));
  },
} satisfies Command<AuditListOptions>;

export type { AuditListOptions };
