import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

/** `farhand entitlements add`. */
export const entitlementsAdd = {
  name: "entitlements add",
  title: "Users, tokens and audit of a server",
  summary: "Enter a signed entitlement at a server",
  details:
    "It counts at once, in place of one with the same id. The next one can be entered while the last one still counts.",
  arguments: [{ name: "FILE", description: "that holds it, from `fhe1.` to its end", completes: "file" }],
  options: [jsonOption, serverOption],
  examples: [["farhand entitlements add acme.entitlement", "needs an admin"]],
  async run({ words: [file], options }, terminal) {
    const { addEntitlement } = await import("../server/entitlement-list.ts");
    await withServer(options, terminal, (api) => addEntitlement(api, file as string, options.json, terminal));
  },
} satisfies Command<ServerOptions & JsonOptions>;
