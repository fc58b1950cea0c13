import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { type ConnectionOptions, connectionOptions, withControl } from "../connection.ts";

interface PingOptions extends ConnectionOptions, JsonOptions {
  readonly count?: string;
  readonly delay?: string;
}

/** `farhand ping` (spec §1.3). */
export const ping = {
  name: "ping",
  summary: "Ask a node of the mesh for a sign of life",
  arguments: [{ name: "NODE", description: "id of the node; `localhost` is the worker spoken to" }],
  options: [
    { flags: "--count <n>", description: "how often; 4 without it" },
    { flags: "--delay <seconds>", description: "pause between two; 1 without it" },
    jsonOption,
    ...connectionOptions,
  ],
  examples: [
    ["farhand ping localhost --count 1", "is the worker there?"],
    ["farhand ping node2 --json", "four times, replies as a JSON list"],
  ],
  async run({ words: [node], options }, terminal) {
    const [{ numberIn, pingLine }, { CliError }, { setTimeout: sleep }] = await Promise.all([
      import("../node-text.ts"),
      import("../errors.ts"),
      import("node:timers/promises"),
    ]);
    const count = numberIn(options.count ?? "4", "--count");
    const delayMs = numberIn(options.delay ?? "1", "--delay") * 1000;
    const replies = await withControl(options, terminal, async (control) => {
      const replies = [];
      for (let sent = 0; sent < count; sent++) {
        if (sent > 0) await sleep(delayMs);
        const reply = await control.call({ command: "ping", target: node as string });
        if (!options.json) terminal.print(pingLine(reply));
        replies.push(reply);
      }
      return replies;
    });
    if (options.json) terminal.print(JSON.stringify(replies));
    const lost = replies.filter((reply) => reply["Success"] !== true).length;
    if (lost === 0) return 0;
    if (options.json) return 5;
    throw new CliError("PING_FAILED", `${node as string} did not answer ${lost} of ${count} times`);
  },
} satisfies Command<PingOptions>;
