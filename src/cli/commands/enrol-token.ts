import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

interface EnrolTokenOptions extends ServerOptions, JsonOptions {
  readonly name?: string;
  readonly label?: readonly string[];
  readonly life?: string;
  readonly cloneable?: true;
  readonly mayReplace?: true;
}

/** `farhand enrol-token`. */
export const enrolToken = {
  name: "enrol-token",
  title: "Users, tokens and audit of a server",
  summary: "Make a token a new worker joins with, and print the command",
  options: [
    { flags: "--name <name>", description: "name of the worker, or a pattern with one *" },
    { flags: "--label <name=value>", description: "a label the worker gets", repeatable: true },
    { flags: "--life <time>", description: "how long it works, such as 2h; without it one hour" },
    { flags: "--cloneable", description: "for any number of workers, and for copies of one" },
    { flags: "--may-replace", description: "the worker may take the place of an old entry of its machine" },
    jsonOption,
    serverOption,
  ],
  examples: [["farhand enrol-token --label site=brno", "for one worker, within an hour"]],
  async run({ options }, terminal) {
    const { makeEnrolment } = await import("../server/enrol.ts");
    await withServer(options, terminal, (api) => makeEnrolment(api, options, terminal));
  },
} satisfies Command<EnrolTokenOptions>;

export type { EnrolTokenOptions };
