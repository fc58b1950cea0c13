import type { Command } from "../command.ts";

interface MonitorTokenOptions {
  readonly config?: string;
}

/** `farhand monitor token`. */
export const monitorToken = {
  name: "monitor token",
  title: "Live progress",
  summary: "Print the token that opens one channel of a monitor",
  details:
    "Where `access.secret-file` is set, a viewer needs it: as `?token=` behind the address, or with its first message.",
  arguments: [{ name: "CHANNEL", description: "id of the channel" }],
  options: [{ flags: "-c, --config <file>", description: "configuration file of the monitor", completes: "file" }],
  examples: [["farhand monitor token student_17 -c config.yml", "the token of one job"]],
  async run({ words, options }, terminal) {
    const { printChannelToken } = await import("../run-monitor.ts");
    await printChannelToken(String(words[0]), options.config, terminal);
  },
} satisfies Command<MonitorTokenOptions>;
