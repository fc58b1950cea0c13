import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { type WorkerModeOptions, workerModeOptions } from "../worker-mode-options.ts";

interface WorkerSupportOptions extends WorkerModeOptions, JsonOptions {
  readonly output?: string;
}

/** `farhand worker support` (spec CAT-118). */
export const workerSupport = {
  name: "worker support",
  summary: "Write what somebody who helps needs to see, without secrets",
  details:
    "A folder of plain texts: versions, the configuration and where each value comes from, the doctor's findings, names of files, the last lines of the log. Read it before you send it.",
  options: [
    {
      flags: "-o, --output <folder>",
      description: "folder to make; farhand-support-TIME here without it",
      completes: "file",
    },
    ...workerModeOptions,
    jsonOption,
  ],
  examples: [["farhand worker support", "then `tar czf support.tgz farhand-support-…`"]],
  async run({ options }, terminal) {
    const [{ loadDoctor }, { workerMode }, { resolve }] = await Promise.all([
      import("#worker"),
      import("../worker-mode.ts"),
      import("node:path"),
    ]);
    const { writeSupport } = await loadDoctor();
    const time = new Date().toISOString().replaceAll(/[:.]/g, "-");
    const folder = resolve(options.output ?? `farhand-support-${time}`);
    const files = await writeSupport({ mode: workerMode(options, terminal.env), env: terminal.env, folder });
    if (options.json) return terminal.print(JSON.stringify({ folder, files }));
    terminal.print(folder);
    terminal.say(`${files.length} files: ${files.join(", ")}; read them before you send them`);
  },
} satisfies Command<WorkerSupportOptions>;
