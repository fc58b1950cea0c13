import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

/** `farhand entitlements` (spec CAT-98). */
export const entitlements = {
  name: "entitlements",
  title: "Users, tokens and audit of a server",
  summary: "List the signed entitlements of a server and of its workers",
  details:
    "What each gives, until when, and why one does not count. They matter where the policy of the server leaves something to them: the preset catdv-like, or a feature that is `entitled`.",
  options: [jsonOption, serverOption],
  examples: [["farhand entitlements", "a table, and the id of the server"]],
  async run({ options }, terminal) {
    const { listEntitlements } = await import("../server/entitlement-list.ts");
    await withServer(options, terminal, (api) => listEntitlements(api, options.json, terminal));
  },
} satisfies Command<ServerOptions & JsonOptions>;
