import type { Command } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

/** `farhand enrol-token revoke`. */
export const enrolTokenRevoke = {
  name: "enrol-token revoke",
  title: "Users, tokens and audit of a server",
  summary: "Make enrolment tokens worth nothing",
  arguments: [{ name: "ENROLMENT", description: "ids of enrolments", variadic: true }],
  options: [serverOption],
  examples: [["farhand enrol-token revoke en-0a1b2c3d4e5f", "one that was not used"]],
  async run({ words: [ids], options }, terminal) {
    const { revokeEnrolments } = await import("../server/enrol.ts");
    await withServer(options, terminal, (api) => revokeEnrolments(api, ids as readonly string[], terminal));
  },
} satisfies Command<ServerOptions>;
