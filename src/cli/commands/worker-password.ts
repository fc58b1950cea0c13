import type { Command } from "../command.ts";
import type { WorkerSocketOptions } from "../worker-socket.ts";
import { workerSocketOptions } from "../worker-socket-options.ts";

interface WorkerPasswordOptions extends WorkerSocketOptions {
  readonly newPasswordFile?: string;
  readonly clear?: true;
}

/** `farhand worker password` (spec CAT-24, CAT-116). */
export const workerPassword = {
  name: "worker password",
  summary: "Set or clear the service password of the worker of this machine",
  details: [
    "Asks for it twice without showing it, or takes it from a file. Every login by the old one ends. Deprecated where",
    "there is a server: people log in there.",
  ].join(" "),
  options: [
    { flags: "--new-password-file <file>", description: "take the new password from a file", completes: "file" },
    { flags: "--clear", description: "have none any more" },
    ...workerSocketOptions,
  ],
  examples: [
    ["farhand worker password", "set it"],
    ["farhand worker password --clear", "have none"],
  ],
  async run({ options }, terminal) {
    const [{ askWorker }, { newPassword }] = await Promise.all([
      import("../worker-socket.ts"),
      import("../new-worker-password.ts"),
    ]);
    if (options.clear) await askWorker(options, terminal.env, "password.clear");
    else {
      const password = await newPassword(options.newPasswordFile, terminal);
      await askWorker(options, terminal.env, "password.set", { password });
    }
    terminal.say(options.clear ? "there is no service password any more" : "the service password is set");
  },
} satisfies Command<WorkerPasswordOptions>;
