import type { Command } from "../command.ts";

/** What `farhand appliance` is given. */
export interface ApplianceOptions {
  readonly listen?: string;
}

/** `farhand appliance`. */
export const appliance = {
  name: "appliance",
  summary: "Run a server and one worker on this machine, joined without a person",
  details: [
    "For a first look, and for installations where both share a machine. All of it lives in one private folder",
    "($XDG_STATE_HOME/farhand, or /var/lib/farhand for root): an embedded database, keys, the worker's units. The login of the",
    "first admin is shown once. Nothing but the server's port on the loopback is open. SIGINT or SIGTERM stop both.",
  ].join(" "),
  options: [{ flags: "--listen <host:port>", description: "of the server; default 127.0.0.1:8443" }],
  examples: [["farhand appliance", "both, and a unit before your eyes"]],
  async run({ options }, terminal) {
    const { runAppliance } = await import("../server/appliance.ts");
    return await runAppliance(options, terminal);
  },
} satisfies Command<ApplianceOptions>;
