import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions } from "../server/server-options.ts";
import { withWorkers } from "../server/workers-api.ts";

interface UnitsReleaseOptions extends ServerOptions, JsonOptions {
  readonly force?: true;
}

/** `farhand units release`. */
export const unitsRelease = {
  name: "units release",
  summary: "Remove units and their output from a worker",
  arguments: [
    { name: "WORKER", description: "name or id of the worker" },
    { name: "UNIT", description: "ids of the units", variadic: true },
  ],
  options: [{ flags: "--force", description: "also when the unit cannot be ended properly" }, jsonOption, serverOption],
  examples: [["farhand units release brno-4 s5YkQ0aB", "end it when it runs, and forget it"]],
  async run({ words: [worker, units], options }, terminal) {
    const { releaseUnits } = await import("../server/units.ts");
    await withWorkers(options, terminal, (api) =>
      releaseUnits(api, { worker: worker as string, units: units as readonly string[] }, options, terminal),
    );
  },
} satisfies Command<UnitsReleaseOptions>;

export type { UnitsReleaseOptions };
