import type { Command } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

/** What `farhand workers approve` is given. */
export interface ApproveOptions extends ServerOptions {
  readonly name?: string;
  readonly label?: readonly string[];
}

/** `farhand workers approve`. */
export const workersApprove = {
  name: "workers approve",
  title: "Workers of a server",
  summary: "Let in the worker that shows this fingerprint",
  details:
    "Take the fingerprint from the machine itself, where `farhand worker join` printed it, and not from the list: anybody can be on the list under any name.",
  arguments: [{ name: "FINGERPRINT", description: "as the worker printed it" }],
  options: [
    { flags: "--name <name>", description: "what it is to be called; default as it wants" },
    { flags: "--label <name=value>", description: "something to find it by", repeatable: true },
    serverOption,
  ],
  examples: [["farhand workers approve 3f9a-02c4-77d1-58be-9a40-61ee-c3d2-0b17 --label site=brno", "that machine"]],
  async run({ words: [fingerprint], options }, terminal) {
    const { approvePending } = await import("../server/pending.ts");
    await withServer(options, terminal, (api) => approvePending(api, String(fingerprint), options, terminal));
  },
} satisfies Command<ApproveOptions>;
