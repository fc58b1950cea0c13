import { type Command, type JsonOptions, jsonOption } from "../command.ts";

/** `farhand entitlements key`. */
export const entitlementsKey = {
  name: "entitlements key",
  title: "Users, tokens and audit of a server",
  summary: "Make the key of somebody who issues entitlements",
  details:
    "Ed25519. The private half, for its owner alone, signs; the public half, FILE.pub, is for servers: --entitlement-key. Files that are there are not written over.",
  arguments: [{ name: "FILE", description: "for the private half", completes: "file" }],
  options: [jsonOption],
  examples: [["farhand entitlements key issuer.pem", "issuer.pem and issuer.pem.pub"]],
  async run({ words: [file], options }, terminal) {
    const { makeIssuerKey } = await import("../entitlement-signing.ts");
    await makeIssuerKey(file as string, options.json, terminal);
  },
} satisfies Command<JsonOptions>;
