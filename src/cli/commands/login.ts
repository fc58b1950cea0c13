import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import type { TrustOptions } from "../server/first-contact.ts";

interface LoginOptions extends JsonOptions, TrustOptions {
  readonly user?: string;
  readonly passwordFile?: string;
  readonly codeFile?: string;
  readonly name?: string;
}

/** `farhand login`. */
export const login = {
  name: "login",
  title: "A server and your access to it",
  summary: "Log in to a server, and remember that",
  details: [
    "Password and code are asked for without showing them, or read from files; they never stand on the command line. A",
    "server whose certificate this machine's roots do not vouch for shows its fingerprint, and you are asked once; with",
    "--ca or --pin you say beforehand whom to trust. The session is kept in $XDG_CONFIG_HOME/farhand/servers.json, which",
    "nobody else may read. You can be logged in to several servers; the last one is meant unless --server says otherwise.",
  ].join(" "),
  arguments: [{ name: "URL", description: "address of the server, https://HOST or https://HOST:PORT" }],
  options: [
    { flags: "--user <name>", description: "who you are there" },
    {
      flags: "--password-file <file>",
      description: "file whose first line is the password; - is stdin",
      completes: "file",
    },
    {
      flags: "--code-file <file>",
      description: "file whose first line is the code of the second factor",
      completes: "file",
    },
    { flags: "--ca <file>", description: "certificate of the authority the server's is signed by", completes: "file" },
    { flags: "--pin <fingerprint>", description: "sha256:… of the server's authority, or of its own certificate" },
    { flags: "--name <name>", description: "name for --server; without it the host" },
    jsonOption,
  ],
  examples: [
    ["farhand login https://farhand.example", "asks for user, password and code"],
    ["farhand login farhand.example --user ci --password-file /run/secrets/pw", "without anybody before the keyboard"],
  ],
  async run({ words: [url], options }, terminal) {
    const run = await import("../server/login.ts");
    await run.login(url as string, options, terminal);
  },
} satisfies Command<LoginOptions>;

export type { LoginOptions };
