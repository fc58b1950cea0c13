import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { type ConnectionOptions, connectionOptions } from "../connection.ts";
import type { PayloadOptions } from "../payload.ts";

interface SubmitOptions extends ConnectionOptions, JsonOptions, PayloadOptions {
  readonly node?: string;
  readonly param?: readonly string[];
  readonly follow?: true;
  readonly rm?: true;
  readonly cancelOnInterrupt?: true;
  readonly tlsClient?: string;
  readonly ttl?: string;
  readonly signwork?: true;
}

/** `farhand work submit` (spec §6.3). */
export const workSubmit = {
  name: "work submit",
  summary: "Hand in a unit of work, and with -f follow its output",
  details: [
    "Without -f the unit's id is printed. With -f its output is printed as it is written, and the exit code is the",
    "unit's own. Ctrl-C then stops following and leaves the unit running. Without -n, -l and -p the payload is what is",
    "piped in. Words behind TYPE become the work parameter `params`; put `--` before them when they begin with a dash.",
    "Several words reach the command as your shell passed them; a single word is one text that is split at blanks, with",
    "quotes as in a shell.",
  ].join(" "),
  arguments: [
    { name: "TYPE", description: "work type, one of those `farhand status` shows", completes: "work-type" },
    { name: "PARAMS", description: "runtime parameters, where the type allows them", optional: true, variadic: true },
  ],
  options: [
    // Before --no-payload, or commander would take `true` for its default.
    { flags: "-p, --payload <file>", description: "send a file; - is stdin", completes: "file" },
    { flags: "-l, --payload-literal <text>", description: "send this text and a line end" },
    { flags: "-n, --no-payload", description: "send no payload" },
    { flags: "-f, --follow", description: "print the output until the unit ends" },
    { flags: "--rm", description: "with -f: release the unit when it has ended" },
    { flags: "--cancel-on-interrupt", description: "with -f: Ctrl-C cancels the unit" },
    { flags: "-a, --param <name=value>", description: "a work parameter; @FILE is that file's text", repeatable: true },
    { flags: "--node <id>", description: "node that shall run it; without it the one spoken to" },
    { flags: "--tls-client <name>", description: "tls-client profile the worker reaches that node with" },
    { flags: "--ttl <duration>", description: "give up when the node was not reached in this time, such as 1h30m" },
    { flags: "--signwork", description: "have the worker sign the work" },
    jsonOption,
    ...connectionOptions,
  ],
  examples: [
    ["farhand work submit hello --no-payload -f", "run the demo of a worker on embedded defaults, and watch"],
    ["echo hi | farhand work submit uppercase -f --rm", "send a payload, print the output, leave nothing behind"],
    ["id=$(farhand work submit hello -n)", "start it, and keep its id"],
    ["farhand work submit listcontents -n -f -- -la /tmp", "with runtime parameters"],
    ["farhand work submit sh -n -f -- -c 'echo a; sleep 30'", "words with blanks stay words"],
  ],
  async run({ words: [workType, params], options }, terminal) {
    const { submit } = await import("../submit.ts");
    return await submit(
      { workType: workType as string, words: (params ?? []) as readonly string[], options },
      terminal,
    );
  },
} satisfies Command<SubmitOptions>;

export type { SubmitOptions };
