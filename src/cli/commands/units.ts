import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

/** Which units of all workers are wanted. */
export interface UnitsOptions extends ServerOptions, JsonOptions {
  readonly on?: string;
  readonly type?: string;
  readonly state?: string;
  readonly user?: string;
  readonly since?: string;
  readonly limit?: string;
  readonly all?: true;
}

/** `farhand units`. */
export const units = {
  name: "units",
  title: "Units of workers behind a server",
  summary: "List the units of all workers of a server, the newest first",
  details: [
    "The server keeps an index: it lists also what is on workers that are away, with the age of what it knows (`?` behind a",
    "state that may have changed since). Units that their worker has removed are listed with --all. Output lies with the worker.",
  ].join(" "),
  options: [
    { flags: "--on <worker>", description: "only of this worker, by name or id" },
    { flags: "--type <worktype>", description: "only of this work type" },
    { flags: "--state <state>", description: "only in this state: pending, running, succeeded, failed, canceled" },
    { flags: "--user <user>", description: "only what this user has ordered" },
    { flags: "--since <duration>", description: "only units made within this time, as 1h30m" },
    { flags: "--limit <n>", description: "how many at most; 100 unless said otherwise" },
    { flags: "--all", description: "also units that their worker has no more" },
    jsonOption,
    serverOption,
  ],
  examples: [
    ["farhand units --state running", "what runs now, wherever it does"],
    ["farhand units --type capture --since 24h --json", "the captures of a day, as a document"],
  ],
  async run({ options }, terminal) {
    const { listAllUnits } = await import("../server/all-units.ts");
    await withServer(options, terminal, (api) => listAllUnits(api, options, terminal));
  },
} satisfies Command<UnitsOptions>;
