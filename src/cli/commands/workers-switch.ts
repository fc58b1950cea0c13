import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { type ManyOptions, manyOptions } from "../server/many-options.ts";
import { serverOption, type ServerOptions } from "../server/server-options.ts";
import { withWorkers } from "../server/workers-api.ts";

/** `farhand workers switch` (spec CAT-17, CAT-109). */
export const workersSwitch = {
  name: "workers switch",
  title: "Workers of a server",
  summary: "Show or set what workers do of themselves, each with its result",
  details: [
    "watchers, monitors and workers, each =on or =off, as with `worker switches`; what has a = in it is a switch, the rest",
    "are workers. Work that has been taken runs on.",
  ].join(" "),
  arguments: [{ name: "WORKER|SWITCH=on|off", description: "as `brno-4 workers=off`", optional: true, variadic: true }],
  options: [...manyOptions, jsonOption, serverOption],
  examples: [
    ["farhand workers switch --label site=brno workers=off", "a whole site takes no new work"],
    ["farhand workers switch brno-4", "how they are"],
  ],
  async run({ words: [given = []], options }, terminal) {
    const [{ askMany, switchOn }, { wantedSwitches }] = await Promise.all([
      import("../server/manage-workers.ts"),
      import("../wanted-switches.ts"),
    ]);
    const words = given as readonly string[];
    const wanted = wantedSwitches(words.filter((word) => word.includes("=")));
    const chosen = { names: words.filter((word) => !word.includes("=")), label: options.label, all: options.all };
    return await withWorkers(options, terminal, (api) =>
      askMany(api, chosen, switchOn(api, wanted), options.json, terminal),
    );
  },
} satisfies Command<ServerOptions & JsonOptions & ManyOptions>;
