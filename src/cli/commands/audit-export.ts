import type { Command } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

/** `farhand audit export`. */
export const auditExport = {
  name: "audit export",
  title: "Users, tokens and audit of a server",
  summary: "Print the whole audit as JSON lines",
  options: [serverOption],
  examples: [["farhand audit export > audit.jsonl", "to be kept elsewhere"]],
  async run({ options }, terminal) {
    const { exportAudit } = await import("../server/audit.ts");
    await withServer(options, terminal, (api) => exportAudit(api, terminal));
  },
} satisfies Command<ServerOptions>;
