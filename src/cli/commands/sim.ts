import { type Command, type JsonOptions, jsonOption } from "../command.ts";

interface SimOptions extends JsonOptions {
  readonly seed?: string;
  readonly nodes?: string;
  readonly hours?: string;
  readonly faults?: string;
}

/** `farhand sim`: the mesh's own routing code under a virtual clock (design §4.2). */
export const sim = {
  name: "sim",
  summary: "Simulate a mesh with faults, hours of it in a minute",
  details: [
    "Runs the routing code of this program on virtual nodes and roads, and checks after every fault that all who can reach",
    "each other know the same, that every way is the cheapest and leads there, and that nobody claims a way that is none.",
    "The same seed gives the same report. Exit code 1 when something did not hold.",
  ].join(" "),
  options: [
    { flags: "--seed <number>", description: "what decides everything; 42 when absent" },
    { flags: "--nodes <number>", description: "number of nodes, 2 to 5000; 100 when absent" },
    { flags: "--hours <number>", description: "hours of the mesh's time; 24 when absent" },
    {
      flags: "--faults <list>",
      description: "what goes wrong: partition, loss, reorder, restart, duplicate-id; all when absent",
    },
    jsonOption,
  ],
  examples: [
    ["farhand sim --nodes 50 --hours 2", "a small mesh, in seconds"],
    [
      "farhand sim --seed 42 --nodes 1000 --hours 24 --faults partition,restart",
      "a large one, with two kinds of faults",
    ],
  ],
  async run({ options }, terminal) {
    const { runSimulationCommand } = await import("../simulation.ts");
    return await runSimulationCommand(options, terminal);
  },
} satisfies Command<SimOptions>;
