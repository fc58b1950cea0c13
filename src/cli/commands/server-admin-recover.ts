import { type Command, type JsonOptions, jsonOption } from "../command.ts";

interface AdminRecoverOptions extends JsonOptions {
  readonly dataDir?: string;
  readonly database?: string;
  readonly user?: string;
}

/** `farhand server admin-recover`. */
export const serverAdminRecover = {
  name: "server admin-recover",
  summary: "Let an admin in again who lost password or second factor",
  details:
    "On the server's machine, for whoever may open its database; the server may run. Prints a password that is good once, within an hour, and asks for no second factor. That it was made and when it is used stands in the audit.",
  options: [
    { flags: "--user <name>", description: "which admin; without it the first one" },
    { flags: "--data-dir <folder>", description: "of the server", completes: "file" },
    { flags: "--database <file>", description: "file that holds its postgres:// URL", completes: "file" },
    jsonOption,
  ],
  examples: [["sudo farhand server admin-recover", "then log in with it, and give yourself a new password"]],
  async run({ options }, terminal) {
    const { recoverAccess } = await import("../server/admin-recover.ts");
    await recoverAccess(options, terminal);
  },
} satisfies Command<AdminRecoverOptions>;

export type { AdminRecoverOptions };
