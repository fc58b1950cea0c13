import type { Command } from "../command.ts";
import type { HelperOptions } from "../helper/open-helper.ts";

/** `farhand helper` (spec CAT-83 to CAT-94). */
export const helper = {
  name: "helper",
  title: "Helpers elsewhere",
  summary: "Fetch tasks of a worker and run a command for each",
  details: [
    "For work types of a `work-loop` section. The command gets the task's payload on its stdin; what it writes to stdout is the",
    "unit's output, what it writes to stderr is kept beside it, and a line `::progress 40 uploading` there says how far it is.",
    "The task's params are words behind its own. The first Ctrl-C finishes what runs, the second stops it.",
  ].join(" "),
  arguments: [{ name: "COMMAND", description: "what to run, and its arguments", variadic: true }],
  options: [
    { flags: "--type <type>", description: "work type to take; all that may be taken without it", repeatable: true },
    { flags: "--slots <n>", description: "tasks at once; 1 without it" },
    { flags: "--socket <path>", description: "socket of a worker on this machine", completes: "file" },
    { flags: "--url <url>", description: "https:// address of a worker elsewhere" },
    { flags: "--token-file <file>", description: "file with the helper's token; - is stdin", completes: "file" },
    { flags: "--ca <file>", description: "authority of the worker's certificate, PEM", completes: "file" },
    { flags: "--inherited", description: "address and token are on descriptor 3; for helpers that a worker starts" },
  ],
  examples: [
    ["farhand helper --type render -- ./render.sh", "for the worker of this machine"],
    [
      "farhand helper --url https://w1:8889 --ca w1.crt --token-file token --slots 4 -- ./render.sh",
      "for a worker elsewhere, four tasks at once",
    ],
  ],
  async run({ words: [words = []], options }, terminal) {
    const { runHelper } = await import("../helper/open-helper.ts");
    await runHelper(words as readonly string[], options, terminal);
  },
} satisfies Command<HelperOptions>;
