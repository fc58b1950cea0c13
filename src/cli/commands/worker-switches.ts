import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import type { WorkerSocketOptions } from "../worker-socket.ts";
import { workerSocketOptions } from "../worker-socket-options.ts";

/** `farhand worker switches` (spec CAT-17). */
export const workerSwitches = {
  name: "worker switches",
  summary: "Show or set what the worker of this machine does of itself",
  details: [
    "watchers: scan folders and add work. monitors: ask the server for work. workers: take work. Each is on or off;",
    "work that has been taken runs on. Without words it shows them.",
  ].join(" "),
  arguments: [
    {
      name: "SWITCH=on|off",
      description: "as `workers=off`; those that are not named stay",
      optional: true,
      variadic: true,
    },
  ],
  options: [jsonOption, ...workerSocketOptions],
  examples: [
    ["farhand worker switches", "how they are"],
    ["farhand worker switches workers=off", "take no new work"],
  ],
  async run({ words: [given = []], options }, terminal) {
    const [{ askWorker }, { switchesText }, { wantedSwitches }] = await Promise.all([
      import("../worker-socket.ts"),
      import("../worker-text.ts"),
      import("../wanted-switches.ts"),
    ]);
    const wanted = wantedSwitches(given as readonly string[]);
    const method = given.length > 0 ? "worker.switches.set" : "worker.switches.get";
    const states = await askWorker(options, terminal.env, method, wanted);
    terminal.print(options.json ? JSON.stringify(states) : switchesText(states as Parameters<typeof switchesText>[0]));
  },
} satisfies Command<WorkerSocketOptions & JsonOptions>;
