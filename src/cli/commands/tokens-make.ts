import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

interface TokensMakeOptions extends ServerOptions, JsonOptions {
  readonly scope?: readonly string[];
  readonly life?: string;
  readonly user?: string;
}

/** `farhand tokens make`. */
export const tokensMake = {
  name: "tokens make",
  title: "Users, tokens and audit of a server",
  summary: "Make an API token for a program",
  arguments: [{ name: "NAME", description: "what it is for" }],
  options: [
    { flags: "--scope <scope>", description: "what it may do: workers:operate, *:monitor, …", repeatable: true },
    { flags: "--life <time>", description: "how long it works, such as 30d; without it until it is revoked" },
    { flags: "--user <name>", description: "the service account it is for; default ourselves" },
    jsonOption,
    serverOption,
  ],
  examples: [
    ["farhand tokens make ci --scope workers:operate --life 90d", "printed this once"],
    ["farhand tokens make pods --user fleet --scope enrolment:admin", "by which containers enrol"],
  ],
  async run({ words: [name], options }, terminal) {
    const { makeToken } = await import("../server/own-access.ts");
    await withServer(options, terminal, (api) => makeToken(api, name as string, options, terminal));
  },
} satisfies Command<TokensMakeOptions>;

export type { TokensMakeOptions };
