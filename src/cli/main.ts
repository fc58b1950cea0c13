import { commandFirst } from "./command-first.ts";
import { commands } from "./commands.ts";
import { processTerminal } from "./terminal.ts";

/**
 * The program `farhand`: run one command line and set the exit code of this process.
 *
 * `receptor` and `complete` take their words as they stand; everything else is understood by the list of commands.
 */
export async function main(argv: readonly string[]): Promise<void> {
  const terminal = processTerminal();
  try {
    process.exitCode = await run(argv, terminal);
  } catch (error) {
    const { reportFailure } = await import("./failure.ts");
    process.exitCode = reportFailure(error, terminal, styleOf(argv));
  } finally {
    terminal.close();
  }
}

async function run([first, ...rest]: readonly string[], terminal: ReturnType<typeof processTerminal>): Promise<number> {
  if (first === "receptor") {
    const { runReceptor } = await import("./commands/receptor.ts");
    return await runReceptor(rest, terminal);
  }
  if (first === "complete" && rest[0] === "--") {
    const { printCompletions } = await import("./completion.ts");
    await printCompletions(rest.slice(1), commands, terminal);
    return 0;
  }
  const { runProgram } = await import("./program.ts");
  return await runProgram(commandFirst(first === undefined ? [] : [first, ...rest]), commands, terminal);
}

/** Options are looked for by hand, because a command line that is not understood has none. */
function styleOf(argv: readonly string[]) {
  const end = argv.indexOf("--");
  const words = end === -1 ? argv : argv.slice(0, end);
  const follows = (word: string): boolean =>
    ["results", "output", "--follow"].includes(word) || /^-[a-z]*f[a-z]*$/.test(word);
  const stdoutTaken = words[0] === "run" || words.some(follows);
  return { json: words.includes("--json"), stdoutTaken };
}
