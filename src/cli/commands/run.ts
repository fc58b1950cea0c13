import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions } from "../server/server-options.ts";

interface RunOptions extends ServerOptions, JsonOptions {
  readonly type?: string;
  readonly payload?: string | false;
  readonly param?: readonly string[];
  readonly env?: readonly string[];
  readonly detach?: true;
}

/** `farhand run`. */
export const run = {
  name: "run",
  title: "Workers of a server",
  summary: "Run a script or another unit of work on a worker, through the server",
  details: [
    "Behind `--` stands a script of this machine, named with a slash, which is sent along; or a command of the worker's",
    "machine, named without; and its arguments. The output is printed as it is written, and goes on at the byte reached when the",
    "connection breaks; the exit code is the unit's own. Ctrl-C cancels the unit, twice within a second leaves it running.",
    "Scripts run by the work type `run` of the worker, which is the command `sh` with the parameters `-s --` and",
    "`allowruntimeparams`. With another --type the words become its work parameter `params`, and the payload is the file",
    "of --payload or what is piped in.",
  ].join(" "),
  arguments: [
    { name: "WORKER", description: "name or id of the worker" },
    { name: "WORDS", description: "script or command, and its arguments", optional: true, variadic: true },
  ],
  options: [
    // Before --no-payload, or commander would take `true` for its default.
    {
      flags: "-p, --payload <file>",
      description: "the script, or the payload of another type; - is stdin",
      completes: "file",
    },
    { flags: "-n, --no-payload", description: "send no payload to another type" },
    { flags: "--type <type>", description: "work type; without it `run`" },
    { flags: "-a, --param <name=value>", description: "a work parameter; @FILE is that file's text", repeatable: true },
    { flags: "--env <name=value>", description: "a variable of the script's environment", repeatable: true },
    { flags: "--detach", description: "print the unit's id and leave it running" },
    jsonOption,
    serverOption,
  ],
  examples: [
    ["farhand run brno-4 -- ./backup.sh --full", "a script of this machine on that one"],
    ["farhand run brno-4 --env LANG=C -- uname -a", "a command that is there"],
    ["farhand run brno-4 --type uppercase -p letter.txt", "another work type"],
  ],
  async run({ words: [worker, words], options }, terminal) {
    const { run: runIt } = await import("../server/run.ts");
    return await runIt(worker as string, (words ?? []) as readonly string[], options, terminal);
  },
} satisfies Command<RunOptions>;

export type { RunOptions };
