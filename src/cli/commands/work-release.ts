import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { type ConnectionOptions, connectionOptions, withControl } from "../connection.ts";

interface ReleaseOptions extends ConnectionOptions, JsonOptions {
  readonly force?: true;
  readonly all?: true;
}

/** `farhand work release` (spec §1.11). */
export const workRelease = {
  name: "work release",
  summary: "End units and delete everything kept of them",
  arguments: [{ name: "ID", description: "ids of the units", optional: true, variadic: true, completes: "unit" }],
  options: [
    { flags: "--force", description: "also when processes do not end or files cannot be deleted" },
    { flags: "--all", description: "every unit the worker has" },
    jsonOption,
    ...connectionOptions,
  ],
  examples: [
    ["farhand work release s5YkQ0aB", "one unit"],
    ["farhand work release --all", "every unit, running or not"],
  ],
  async run({ words: [unitIds], options }, terminal) {
    const [{ listUnits, releaseUnit }, { endUnits }, { CliError }] = await Promise.all([
      import("#work"),
      import("../end-units.ts"),
      import("../errors.ts"),
    ]);
    const named = (unitIds ?? []) as readonly string[];
    if (options.all ? named.length > 0 : named.length === 0) {
      throw new CliError("USAGE", "give ids of units, or --all", { remedy: "`farhand work list` shows the ids" });
    }
    const ids = options.all ? Object.keys(await withControl(options, terminal, listUnits)) : named;
    if (ids.length === 0 && !options.json) terminal.say("no units");
    return await endUnits(
      ids,
      {
        word: "released",
        end: (control, id) => releaseUnit(control, id, { force: options.force }),
        json: options.json,
      },
      options,
      terminal,
    );
  },
} satisfies Command<ReleaseOptions>;
