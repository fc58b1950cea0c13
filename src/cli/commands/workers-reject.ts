import type { Command } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

/** `farhand workers reject`. */
export const workersReject = {
  name: "workers reject",
  title: "Workers of a server",
  summary: "Send away workers that wait to be approved",
  arguments: [{ name: "FINGERPRINT", description: "as in `farhand workers pending`", variadic: true }],
  options: [serverOption],
  examples: [["farhand workers reject 3f9a-02c4-77d1-58be-9a40-61ee-c3d2-0b17", "one that nobody knows"]],
  async run({ words: [fingerprints], options }, terminal) {
    const { rejectPending } = await import("../server/pending.ts");
    await withServer(options, terminal, (api) => rejectPending(api, fingerprints as readonly string[], terminal));
  },
} satisfies Command<ServerOptions>;
