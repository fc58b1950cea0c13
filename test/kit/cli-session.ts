import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { commands } from "../../src/cli/commands.ts";
import { reportFailure } from "../../src/cli/failure.ts";
import { runProgram } from "../../src/cli/program.ts";
import type { Terminal } from "../../src/cli/terminal.ts";
import type { TestServer } from "./server.ts";
import { testTerminal } from "./test-terminal.ts";

/** The work type `run` as a worker offers it to `farhand run`. */
export const runWork = {
  "work-command": { worktype: "run", command: "sh", params: "-s --", allowruntimeparams: true, cancelgrace: "200ms" },
};

/** What one command line said and ended with. */
export interface Said {
  readonly exit: number;
  /** All of stdout; lines of `print` end with a line end. */
  readonly out: string;
  readonly err: readonly string[];
}

/** A user of the command line, with a configuration folder of their own. */
export interface CliSession {
  readonly env: Record<string, string>;
  farhand(...words: string[]): Promise<Said>;
  /** The same, with something of the terminal changed: keys to press, a screen. */
  farhandOn(change: Partial<Terminal>, ...words: string[]): Promise<Said>;
}

/** One that has not logged in anywhere. */
export function cliSession(folder: string): CliSession {
  const env: Record<string, string> = { XDG_CONFIG_HOME: folder, TERM: "dumb" };
  const farhandOn = async (change: Partial<Terminal>, ...words: string[]): Promise<Said> => {
    const { terminal, err } = testTerminal("");
    const chunks: Buffer[] = [];
    const given: Terminal = {
      ...terminal,
      env,
      print: (text) => void chunks.push(Buffer.from(`${text}\n`)),
      write: async (chunk) => void chunks.push(Buffer.from(chunk)),
      ...change,
    };
    const exit = await runProgram(words, commands, given).catch((error: unknown) =>
      reportFailure(error, given, { json: words.includes("--json"), stdoutTaken: words[0] === "run" }),
    );
    return { exit, out: Buffer.concat(chunks).toString(), err };
  };
  return { env, farhandOn, farhand: (...words) => farhandOn({}, ...words) };
}

/** The words of a login as the first admin, by files in a folder. @param url another way to the server. */
export async function loginWords(server: TestServer, folder: string, url = server.url): Promise<string[]> {
  const passwordFile = join(folder, "admin-password");
  await writeFile(passwordFile, `${server.admin.password}\n`, { mode: 0o600 });
  return ["login", url, "--ca", server.ca, "--user", server.admin.name, "--password-file", passwordFile];
}

/** One that has logged in as the first admin. @throws what the login said when it failed. */
export async function loggedIn(server: TestServer, folder: string): Promise<CliSession> {
  const session = cliSession(folder);
  const { exit, err } = await session.farhand(...(await loginWords(server, folder)));
  if (exit !== 0) throw new Error(err.join("\n"));
  return session;
}
