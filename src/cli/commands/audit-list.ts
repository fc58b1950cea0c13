import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

interface AuditListOptions extends ServerOptions, JsonOptions {
  readonly after?: string;
  readonly before?: string;
  readonly newest?: true;
  readonly who?: string;
  readonly act?: string;
  readonly about?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit?: string;
}

/** `farhand audit list`. */
export const auditList = {
  name: "audit list",
  title: "Users, tokens and audit of a server",
  summary: "Print rows of the audit: all, or those that are looked for",
  options: [
    { flags: "--who <name>", description: "done by this user or worker, by name or id; or by `server`" },
    { flags: "--act <act>", description: "what was done: user.make, or user.* for all that begins so" },
    { flags: "--about <worker>", description: "done to this worker, or by it" },
    { flags: "--from <time>", description: "not before: 2h for two hours ago, or a date such as 2026-11-22T09:30" },
    { flags: "--to <time>", description: "not after, likewise" },
    { flags: "--newest", description: "the newest first" },
    { flags: "--after <row>", description: "begin behind this row" },
    { flags: "--before <row>", description: "with --newest: begin before this row" },
    { flags: "--limit <n>", description: "how many rows" },
    jsonOption,
    serverOption,
  ],
  examples: [
    ["farhand audit list --after 1200", "who did what, and when"],
    ["farhand audit list --newest --about brno-4 --from 2d", "what was done to one worker in two days"],
  ],
  async run({ options }, terminal) {
    const { listAudit } = await import("../server/audit.ts");
    await withServer(options, terminal, (api) => listAudit(api, options, terminal));
  },
} satisfies Command<AuditListOptions>;

export type { AuditListOptions };
