import type { Command } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

interface WorkersUnlockOptions extends ServerOptions {
  readonly codeFile?: string;
}

/** `farhand workers unlock` (spec CAT-70). */
export const workersUnlock = {
  name: "workers unlock",
  title: "Workers of a server",
  summary: "Show a hardened worker a code of its own, to configure it for five minutes",
  arguments: [{ name: "WORKER", description: "name or id" }],
  options: [
    { flags: "--code-file <file>", description: "take the code from a file; - is stdin", completes: "file" },
    serverOption,
  ],
  examples: [["farhand workers unlock shed", "asks for the code, which the worker itself checks"]],
  async run({ words: [name], options }, terminal) {
    const { unlockWorker } = await import("../server/unlock-worker.ts");
    await withServer(options, terminal, (api) => unlockWorker(api, name as string, options.codeFile, terminal));
  },
} satisfies Command<WorkersUnlockOptions>;
