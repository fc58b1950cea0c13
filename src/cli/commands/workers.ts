import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";
import { withWorkers } from "../server/workers-api.ts";

interface WorkersOptions extends ServerOptions, JsonOptions {
  readonly label?: readonly string[];
  readonly state?: readonly string[];
  readonly watch?: true;
  readonly allServers?: true;
}

/** `farhand workers`. */
export const workers = {
  name: "workers",
  title: "Workers of a server",
  summary: "List the workers of a server that you may see",
  details: [
    "State and its age, how long ago the worker was heard, and your own level there. What is older than three heartbeats",
    "(45 s) is marked with its age. With --watch the list is kept up to date until Ctrl-C; with --json too, each change",
    "is a document on a line of its own. Workers without a server can be written down in",
    "$XDG_CONFIG_HOME/farhand/workers.yaml: `--server standalone` means those, asked at their own HTTPS port.",
  ].join(" "),
  options: [
    { flags: "--watch", description: "go on, and show changes as they come" },
    { flags: "--label <name=value>", description: "only workers with this label", repeatable: true },
    {
      flags: "--state <state>",
      description:
        "only workers in this state: online, late, lost, stopped; of the list kept by hand: unreachable, untrusted, refused",
      repeatable: true,
    },
    {
      flags: "--all-servers",
      description: "the workers of every server you are logged in to, and those of workers.yaml; not with --watch",
    },
    jsonOption,
    serverOption,
  ],
  examples: [
    ["farhand workers", "a table"],
    ["farhand workers --watch --label site=brno", "live, of one site"],
  ],
  async run({ options }, terminal) {
    const [{ labelsOf }, { listWorkers }] = await Promise.all([
      import("../server/labels.ts"),
      import("../server/list-workers.ts"),
    ]);
    const { watch, json, state: states = [] } = options;
    const labels = labelsOf(options.label);
    if (options.allServers) {
      const { listEverywhere } = await import("../server/every-server.ts");
      return await listEverywhere({ labels, states, json }, options, terminal);
    }
    if (!watch)
      return await withWorkers(options, terminal, (api) => listWorkers(api, { labels, states, json }, terminal));
    await withServer(options, terminal, async (api) => {
      const { watchWorkers } = await import("../server/watch-workers.ts");
      await watchWorkers(api, { labels, states, json }, terminal);
    });
  },
} satisfies Command<WorkersOptions>;
