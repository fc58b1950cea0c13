import type { Command } from "../command.ts";

interface WorkerInstallOptions {
  readonly user?: string;
  readonly capability?: readonly string[];
  readonly writable?: readonly string[];
  readonly print?: true;
}

/** `farhand worker install` (spec CAT-2). */
export const workerInstall = {
  name: "worker install",
  summary: "Install the worker as a system service",
  details:
    "For root. Makes the account when it is missing, the folder /etc/farhand and the group workeradmin, and writes the unit file; starting it is `systemctl enable --now farhand-worker`. --print writes the unit file to standard output and does nothing else.",
  options: [
    { flags: "--user <name>", description: "account it runs as; farhand without it, root for units of several users" },
    {
      flags: "--capability <name>",
      description: "what the worker and its units may do, as CAP_NET_RAW",
      repeatable: true,
    },
    { flags: "--writable <folder>", description: "a folder that units write to", repeatable: true, completes: "file" },
    { flags: "--print", description: "only print the unit file" },
  ],
  examples: [
    ["sudo farhand worker install", "an account of its own, and no more rights than it needs"],
    ["farhand worker install --print --capability CAP_NET_RAW", "the unit file of a worker that captures packets"],
  ],
  async run({ options }, terminal) {
    const { installWorker } = await import("../worker-install.ts");
    await installWorker(options, terminal);
  },
} satisfies Command<WorkerInstallOptions>;
