import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

interface WorkersDoctorOptions extends ServerOptions, JsonOptions {
  readonly way?: string;
}

/** `farhand workers doctor` (spec CAT-114). */
export const workersDoctor = {
  name: "workers doctor",
  title: "Workers of a server",
  summary: "Say what keeps you from a worker, what to do about it, and who can",
  details:
    "The check list as the server sees it, and, where the worker answers, what `worker doctor` says there. The exit code is the number of things that are in trouble.",
  arguments: [{ name: "WORKER", description: "its name or id" }],
  options: [
    {
      flags: "--way <way>",
      description:
        "how you want to reach it: by the server (default), its own HTTPS port, by password there, or dialled directly",
      choices: ["server", "api", "password", "direct"],
    },
    jsonOption,
    serverOption,
  ],
  examples: [
    ["farhand workers doctor brno-4", "the first thing in trouble is named last"],
    ["farhand workers doctor brno-4 --way password", "why logging in at its own port does not work"],
  ],
  async run({ words: [worker], options }, terminal) {
    const { showHints } = await import("../server/worker-hints.ts");
    return await withServer(options, terminal, (api) => showHints(api, worker as string, options, terminal));
  },
} satisfies Command<WorkersDoctorOptions>;
