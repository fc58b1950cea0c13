import type { Command } from "../command.ts";
import type { WorkerSocketOptions } from "../worker-socket.ts";
import { workerSocketOptions } from "../worker-socket-options.ts";

/** `farhand helper-token revoke`. */
export const helperTokenRevoke = {
  name: "helper-token revoke",
  title: "Helpers elsewhere",
  summary: "Cut helpers elsewhere off; what they had goes to others",
  arguments: [{ name: "ID", description: "ids of tokens", variadic: true }],
  options: workerSocketOptions,
  examples: [["farhand helper-token revoke 0a1b2c3d4e5f", "one"]],
  async run({ words: [ids], options }, terminal) {
    const { revokeHelperTokens } = await import("../helper-tokens.ts");
    await revokeHelperTokens(ids as readonly string[], options, terminal);
  },
} satisfies Command<WorkerSocketOptions>;
