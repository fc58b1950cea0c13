import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import type { WorkerSocketOptions } from "../worker-socket.ts";
import { workerSocketOptions } from "../worker-socket-options.ts";

/** Options of `farhand helper-token`. */
export interface HelperTokenOptions extends WorkerSocketOptions, JsonOptions {
  readonly type?: readonly string[];
  readonly life?: string;
  readonly note?: string;
}

/** `farhand helper-token` (spec CAT-87). */
export const helperToken = {
  name: "helper-token",
  title: "Helpers elsewhere",
  summary: "Make a token a helper elsewhere fetches tasks with, and print it",
  details: "It is good for one helper at a time, for tasks of these work types and nothing else, until it expires.",
  options: [
    { flags: "--type <type>", description: "work type it may take; its section says `remote: true`", repeatable: true },
    { flags: "--life <time>", description: "how long it works, such as 12h; without it 30 days" },
    { flags: "--note <text>", description: "what it is for" },
    jsonOption,
    ...workerSocketOptions,
  ],
  examples: [["farhand helper-token --type render > token", "for a helper of another machine"]],
  async run({ options }, terminal) {
    const { makeHelperToken } = await import("../helper-tokens.ts");
    await makeHelperToken(options, terminal);
  },
} satisfies Command<HelperTokenOptions>;
