import type { Command } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

/** `farhand entitlements remove`. */
export const entitlementsRemove = {
  name: "entitlements remove",
  title: "Users, tokens and audit of a server",
  summary: "Take away entitlements that were entered at a server",
  arguments: [{ name: "ID", description: "as the list shows it", variadic: true }],
  options: [serverOption],
  examples: [["farhand entitlements remove acme-1", "streams that it had opened end"]],
  async run({ words: [ids], options }, terminal) {
    const { removeEntitlements } = await import("../server/entitlement-list.ts");
    await withServer(options, terminal, (api) => removeEntitlements(api, ids as readonly string[], terminal));
  },
} satisfies Command<ServerOptions>;
