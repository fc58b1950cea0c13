import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import type { WorkerSocketOptions } from "../worker-socket.ts";
import { workerSocketOptions } from "../worker-socket-options.ts";

/** `farhand helper-token list`. */
export const helperTokenList = {
  name: "helper-token list",
  title: "Helpers elsewhere",
  summary: "List tokens of helpers elsewhere that are good",
  options: [jsonOption, ...workerSocketOptions],
  examples: [["farhand helper-token list", "which are in use"]],
  async run({ options }, terminal) {
    const { listHelperTokens } = await import("../helper-tokens.ts");
    await listHelperTokens(options, terminal);
  },
} satisfies Command<WorkerSocketOptions & JsonOptions>;
