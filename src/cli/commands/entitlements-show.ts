import { type Command, type JsonOptions, jsonOption } from "../command.ts";

/** `farhand entitlements show`. */
export const entitlementsShow = {
  name: "entitlements show",
  title: "Users, tokens and audit of a server",
  summary: "Print what an entitlement in a file says",
  details: "Whether it counts is for its server to say: nobody is asked here.",
  arguments: [{ name: "FILE", description: "that holds it", completes: "file" }],
  options: [jsonOption],
  examples: [["farhand entitlements show acme.entitlement", "one fact a line"]],
  async run({ words: [file], options }, terminal) {
    const { showOne } = await import("../entitlement-signing.ts");
    await showOne(file as string, options.json, terminal);
  },
} satisfies Command<JsonOptions>;
