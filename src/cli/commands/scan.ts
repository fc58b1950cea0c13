import { type Command, jsonOption } from "../command.ts";
import { serverOption } from "../server/server-options.ts";
import type { ToolShowOptions } from "../server/tool-show.ts";

/** What `farhand scan` is given. */
export interface ScanOptions extends ToolShowOptions {
  readonly ports?: string;
  readonly services?: true;
  readonly os?: true;
  readonly assumeUp?: true;
  readonly timeout?: string;
  readonly program?: string;
}

/** `farhand scan`. */
export const scan = {
  name: "scan",
  title: "Looking at networks from workers",
  summary: "Show which TCP ports of hosts are open, as workers see them, live",
  details: [
    "The last word names the targets, several with commas: addresses, networks such as 10.0.0.0/28, names. Those before it are",
    "workers, which look at once. Ports are told as they are found; those that are closed only where no more than 32 were asked",
    "for. The worker uses nmap where it has it and connections of its own else, sends no more a second than its `budget` allows,",
    "and must offer the work type `portscan` with a target list that lets it look there.",
  ].join(" "),
  arguments: [
    { name: "WORKERS-TARGETS", description: "names or ids of workers, and behind them the targets", variadic: true },
  ],
  options: [
    {
      flags: "--from <name=value>",
      description: "from every worker with this label; * stands for any text",
      repeatable: true,
    },
    { flags: "--ports <ports>", description: "as 22,80,8000-8100; without it 1-1024" },
    { flags: "--services", description: "find out what answers on open ports" },
    { flags: "--os", description: "guess the operating system; needs nmap and raw sockets" },
    { flags: "--assume-up", description: "look at hosts that do not seem to be there too" },
    { flags: "--timeout <seconds>", description: "what does not answer for so long is filtered; without it 1.5" },
    { flags: "--program <program>", description: "which way", choices: ["auto", "nmap", "connect"] },
    { ...jsonOption, description: "print a JSON line for each port and host" },
    serverOption,
  ],
  examples: [
    ["farhand scan brno-4 10.0.0.0/28 --ports 1-1024", "a small network"],
    ["farhand scan brno-4 praha-1 web.example.org --ports 80,443 --services", "the same host from two places"],
  ],
  async run({ words: [words], options }, terminal) {
    const { scanFrom } = await import("../server/scan.ts");
    return await scanFrom((words ?? []) as readonly string[], options, terminal);
  },
} satisfies Command<ScanOptions>;
