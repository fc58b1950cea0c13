import type { Command } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

interface TotpDisableOptions extends ServerOptions {
  readonly codeFile?: string;
}

/** `farhand totp disable`. */
export const totpDisable = {
  name: "totp disable",
  title: "A server and your access to it",
  summary: "Give your second factor up",
  options: [
    {
      flags: "--code-file <file>",
      description: "file whose first line is the code of the second factor",
      completes: "file",
    },
    serverOption,
  ],
  examples: [["farhand totp disable", "asks for a code of it"]],
  async run({ options }, terminal) {
    const { disableTotp } = await import("../server/own-access.ts");
    await withServer(options, terminal, (api) => disableTotp(api, options, terminal));
  },
} satisfies Command<TotpDisableOptions>;

export type { TotpDisableOptions };
