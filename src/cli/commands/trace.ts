import { type Command, jsonOption } from "../command.ts";
import { serverOption } from "../server/server-options.ts";
import type { ToolShowOptions } from "../server/tool-show.ts";

/** What `farhand trace` is given. */
export interface TraceOptions extends ToolShowOptions {
  readonly method?: string;
  readonly port?: string;
  readonly maxHops?: string;
  readonly probes?: string;
}

/** `farhand trace`. */
export const trace = {
  name: "trace",
  title: "Looking at networks from workers",
  summary: "Show the path from workers to a host, hop by hop, live",
  details: [
    "On a terminal the hops are drawn as they answer, with the share of packets each loses and the times it takes; elsewhere",
    "the path is printed once it is known. With --json each hop is a line as soon as it is known, and again when it changes.",
    "The last word is the target, those before it are workers; they all look at once. The worker uses mtr or traceroute, and must",
    "offer the work type `traceroute` with a target list that lets it look there.",
  ].join(" "),
  arguments: [
    { name: "WORKERS-TARGET", description: "names or ids of workers, and behind them the target", variadic: true },
  ],
  options: [
    {
      flags: "--from <name=value>",
      description: "from every worker with this label; * stands for any text",
      repeatable: true,
    },
    { flags: "--method <method>", description: "what is sent", choices: ["icmp", "udp", "tcp"] },
    { flags: "--port <n>", description: "port of the target, for udp and tcp" },
    { flags: "--max-hops <n>", description: "look no further; without it 30" },
    { flags: "--probes <n>", description: "packets for each hop; without it 3" },
    { ...jsonOption, description: "print a JSON line for each hop, and again when it changes" },
    serverOption,
  ],
  examples: [
    ["farhand trace brno-4 10.0.0.1", "one path"],
    [
      "farhand trace --from 'site=*' db.example.org --method tcp --port 5432",
      "from everywhere, as the database sees it",
    ],
  ],
  async run({ words: [words], options }, terminal) {
    const { traceFrom } = await import("../server/trace.ts");
    return await traceFrom((words ?? []) as readonly string[], options, terminal);
  },
} satisfies Command<TraceOptions>;
