import type { Command } from "../command.ts";
import { type WorkerModeOptions, workerModeOptions } from "../worker-mode-options.ts";

/** What `farhand worker join` is given. */
export interface WorkerJoinOptions extends WorkerModeOptions {
  readonly token?: string;
  readonly tokenFile?: string;
  readonly name?: string;
  readonly label?: readonly string[];
  readonly ca?: string;
  readonly pin?: string;
  readonly road?: readonly string[];
  readonly replace?: true;
  readonly add?: true;
  readonly run?: boolean;
  readonly tools?: true;
  readonly toolTarget?: readonly string[];
  readonly start?: boolean;
}

/** `farhand worker join`. */
export const workerJoin = {
  name: "worker join",
  summary: "Make this machine a worker of a server, and run it",
  details: [
    "The token comes from `farhand enrol-token` at the server; it is good once, and with its pin the server is known again.",
    "Without a token a fingerprint is printed, and an administrator of the server lets in the worker that shows it, by",
    "`farhand workers approve`. A new worker is given the work type `run`, by which `farhand run` sends it scripts; --no-run leaves that out. Who may use",
    "it the worker decides by its own map of roles (`remoteAccess.roles`): the server's administrators may do everything, and",
    "everybody else may look, unless that is changed.",
  ].join(" "),
  arguments: [{ name: "URL", description: "the server's: https://HOST:PORT" }],
  options: [
    { flags: "--token <token>", description: "enrolment token; others on this machine can read it while this runs" },
    { flags: "--token-file <file>", description: "file that holds it; - reads it from stdin", completes: "file" },
    { flags: "--name <name>", description: "what the worker wants to be called; default the host's name" },
    { flags: "--label <name=value>", description: "something to find it by", repeatable: true },
    {
      flags: "--ca <file>",
      description: "who vouches for the server, where the token has no pin; default the system's authorities",
      completes: "file",
    },
    { flags: "--pin <sha256>", description: "fingerprint of the server's authority, where there is no token with it" },
    {
      flags: "--road <kind=where>",
      description:
        "another road than the server's own port: tcp=HOST:PORT, ws=URL, http=URL, amqp=FILE with the broker's URL",
      repeatable: true,
    },
    { flags: "--replace", description: "take the place of this machine's old entry at the server" },
    { flags: "--add", description: "be another worker of this machine" },
    { flags: "--no-run", description: "without the work type `run`" },
    { flags: "--tools", description: "open the tools that look at networks, for hosts of private networks" },
    {
      flags: "--tool-target <host>",
      description: "open them for these hosts instead: any, private, addresses, networks, names",
      repeatable: true,
    },
    { flags: "--no-start", description: "only join; `farhand worker start` runs it" },
    ...workerModeOptions,
  ],
  examples: [
    ["farhand worker join https://farm.example:8443 --token-file token", "this machine, by the server's own port"],
    ["farhand worker join https://farm.example:8443", "approved by a person at the server"],
    ["farhand worker join https://farm.example:8443 --token fh1.… --road tcp=farm.example:7001", "over TCP"],
  ],
  async run({ words: [url], options }, terminal) {
    const { joinWorker } = await import("../join-worker.ts");
    return await joinWorker(String(url), options, terminal);
  },
} satisfies Command<WorkerJoinOptions>;
