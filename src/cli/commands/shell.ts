import type { Command } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

/** `farhand shell`. */
export const shell = {
  name: "shell",
  title: "Workers of a server",
  summary: "Open a shell on a worker, where its policy allows that",
  details: "The terminal is the shell's until it ends; Ctrl-] cuts it off. The session is recorded.",
  arguments: [{ name: "WORKER", description: "name or id of the worker" }],
  options: [serverOption],
  examples: [["farhand shell brno-4", "ends with exit"]],
  async run({ words: [worker], options }, terminal) {
    const { openShell } = await import("../server/shell.ts");
    return await withServer(options, terminal, (api) => openShell(api, worker as string, terminal));
  },
} satisfies Command<ServerOptions>;
