import { type Command, jsonOption } from "../command.ts";
import type { ProbeKind } from "#tools/wire";
import { serverOption } from "../server/server-options.ts";
import type { ToolShowOptions } from "../server/tool-show.ts";

/** What `farhand probe` is given. */
export interface ProbeOptions extends ToolShowOptions {
  readonly on?: readonly string[];
  readonly quorum?: string;
  readonly attempts?: string;
  readonly timeout?: string;
  readonly param?: readonly string[];
}

/** `farhand probe`. */
export const probe = {
  name: "probe",
  title: "Looking at networks from workers",
  summary: "Ask workers whether something is up, and say what enough of them agree on",
  details: [
    "The target is HOST for ping, HOST:PORT for tcp and tls, a name for dns, a URL for http. Each worker's word is shown. The verdict",
    "is up or down when as many as --quorum say so, more than half of those that were asked without it; a worker that is away,",
    "refuses or fails is named, and counts for neither. Ends with 0 for up, 1 for down, 5 when too few agree. What else a kind",
    "of probe can be told stands in docs/wire/tool-results.md; --param gives it.",
  ].join(" "),
  arguments: [
    { name: "KIND", description: "what kind of probe", choices: ["ping", "dns", "tcp", "tls", "http"] },
    { name: "TARGET", description: "what it looks at" },
  ],
  options: [
    {
      flags: "--from <name=value>",
      description: "every worker with this label; * stands for any text, and alone for every worker",
      repeatable: true,
    },
    { flags: "--on <worker>", description: "name or id of a worker, in place of --from", repeatable: true },
    { flags: "--quorum <n>", description: "so many must agree" },
    { flags: "--attempts <n>", description: "how often each tries; one that is right is up" },
    { flags: "--timeout <seconds>", description: "an attempt takes no longer" },
    {
      flags: "-a, --param <name=value>",
      description: "a param of this kind of probe; @FILE is that file's text",
      repeatable: true,
    },
    { ...jsonOption, description: "print a JSON line for each attempt, and the verdict as the last one" },
    serverOption,
  ],
  examples: [
    ["farhand probe tcp db:5432 --from 'region=*' --quorum 2", "the database, from every region"],
    ["farhand probe http https://example.org/ --on brno-4 --param expectStatus=200", "a page, from one worker"],
    ["farhand probe dns example.org --from '*' --param recordType=MX --param server=192.0.2.53", "a name server"],
  ],
  async run({ words: [kind, target], options }, terminal) {
    const { probeFrom } = await import("../server/probe.ts");
    return await probeFrom(kind as ProbeKind, target as string, options, terminal);
  },
} satisfies Command<ProbeOptions>;
