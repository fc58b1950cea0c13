import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

/** `farhand workers pending`. */
export const workersPending = {
  name: "workers pending",
  title: "Workers of a server",
  summary: "List workers that came without a token and wait to be approved",
  details:
    "What they say of themselves is a claim; the fingerprint is proved. One that asks no more is forgotten after ten minutes.",
  options: [jsonOption, serverOption],
  examples: [["farhand workers pending", "who waits, and from where"]],
  async run({ options }, terminal) {
    const { listPending } = await import("../server/pending.ts");
    await withServer(options, terminal, (api) => listPending(api, options.json, terminal));
  },
} satisfies Command<ServerOptions & JsonOptions>;
