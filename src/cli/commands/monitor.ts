import type { Command } from "../command.ts";

/** What `farhand monitor` is given. */
export interface MonitorOptions {
  readonly config?: string;
  readonly check?: true;
}

/** `farhand monitor`. */
export const monitor = {
  name: "monitor",
  title: "Live progress",
  summary: "Run the relay of live progress in the foreground",
  details: [
    "Messages come in by ZeroMQ, are kept, and go out to browsers by WebSocket: what the ReCodEx monitor does, with the same",
    "keys in the same file. Without -c, or when the file does not exist, the defaults hold: viewers at 127.0.0.1:4567,",
    "senders at 127.0.0.1:7894. SIGINT or SIGTERM stop it; channels are there again at the next start.",
  ].join(" "),
  options: [
    { flags: "-c, --config <file>", description: "configuration file, YAML", completes: "file" },
    { flags: "--check", description: "say what is wrong with the file, which has to be there, and start nothing" },
  ],
  examples: [
    ["farhand monitor", "one for a broker on this machine"],
    ["farhand monitor -c /etc/recodex/monitor/config.yml", "one as that file says"],
  ],
  async run({ options }, terminal) {
    const { runMonitor } = await import("../run-monitor.ts");
    return await runMonitor(options, terminal);
  },
} satisfies Command<MonitorOptions>;
