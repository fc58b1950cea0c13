import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { savedServer, serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

/** `farhand totp enable`. */
export const totpEnable = {
  name: "totp enable",
  title: "A server and your access to it",
  summary: "Set up a second factor (TOTP)",
  details: "Shows the secret for your authenticator app, asks for a code of it, and prints recovery codes.",
  options: [jsonOption, serverOption],
  examples: [["farhand totp enable > recovery-codes", "keep them in a safe place"]],
  async run({ options }, terminal) {
    const { enableTotp } = await import("../server/own-access.ts");
    const saved = await savedServer(options, terminal.env);
    await withServer(options, terminal, (api) => enableTotp(api, saved, options.json, terminal));
  },
} satisfies Command<ServerOptions & JsonOptions>;
