import { Command as Program, CommanderError, Option } from "commander";
import type { AnyCommand, Command, CommandArgument, CommandOption } from "./command.ts";
import { groups } from "./commands.ts";
import { overview, usageOf } from "./help.ts";
import type { Terminal } from "./terminal.ts";
import { programVersion } from "./version.ts";

/**
 * Find the command a command line means and run it. The only file that knows commander.
 *
 * @returns the exit code.
 * @throws {CliError} `USAGE` for what is not understood, and whatever the command throws.
 */
export async function runProgram(
  argv: readonly string[],
  commands: readonly AnyCommand[],
  terminal: Terminal,
): Promise<number> {
  let exit = 0;
  const program = buildProgram(commands, terminal, async (command, words, options) => {
    exit = (await (command as Command<object>).run({ words, options }, terminal)) ?? 0;
  });
  try {
    // A group alone, or nothing at all, asks what there is.
    const isQuestion = argv.length === 0 || (argv.length === 1 && Object.hasOwn(groups, argv[0] ?? ""));
    await program.parseAsync(isQuestion ? [...argv, "--help"] : argv, { from: "user" });
    return exit;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help and version were asked for and are printed by now.
    if (error.exitCode === 0) return 0;
    throw await usageError(error.message);
  }
}

type RunCommand = (command: AnyCommand, words: (string | string[] | undefined)[], options: object) => Promise<void>;

function buildProgram(commands: readonly AnyCommand[], terminal: Terminal, run: RunCommand): Program {
  const root = new Program("farhand").version(programVersion(), "-V, --version", "print the version");
  root.exitOverride().configureOutput({
    writeOut: (text) => terminal.print(text.trimEnd()),
    writeErr: () => {},
    getOutHelpWidth: () => terminal.columns ?? 100,
  });
  root.helpInformation = () => overview(commands);
  root.helpCommand(false);
  // What stands behind a command's name is that one's, also where the command above it has such an option.
  root.enablePositionalOptions();
  const parents = new Map<string, Program>();
  for (const command of commands) {
    const [first = "", second] = command.name.split(" ");
    const parent = second === undefined ? root : (parents.get(first) ?? addGroup(root, first));
    const added = addCommand(parent, second ?? first, command, run);
    // A command may stand for itself and have others below it: `workers`, and `workers show`.
    parents.set(first, second === undefined ? added : parent);
  }
  return root;
}

function addGroup(root: Program, name: string): Program {
  return root
    .command(name)
    .description(`${groups[name] ?? ""}.`)
    .usage("COMMAND [options]")
    .helpCommand(false);
}

function addCommand(parent: Program, word: string, command: AnyCommand, run: RunCommand): Program {
  const program = parent.command(word).summary(command.summary).description(descriptionOf(command));
  for (const argument of command.arguments ?? []) program.addArgument(argumentOf(program, argument));
  for (const option of command.options) program.addOption(optionOf(option));
  program.enablePositionalOptions();
  const examples = command.examples.map(([line, does]) => `  ${line}\n      ${does}`);
  program.addHelpText("after", ["", "Examples:", ...examples].join("\n"));
  program
    .usage(
      usageOf(command)
        .split(" ")
        .slice(1 + command.name.split(" ").length)
        .join(" "),
    )
    // A word behind a command that takes none was meant as one of those below it.
    .allowExcessArguments(command.arguments === undefined);
  program.action(() => {
    const [word] = program.args;
    if (command.arguments === undefined && word !== undefined) refuseWord(program, word);
    return run(command, program.processedArgs as (string | string[] | undefined)[], program.opts());
  });
  return program;
}

/** @throws {CommanderError} with what the command has, where it has others below it. */
function refuseWord(program: Program, word: string): never {
  const below = program.commands.map((one) => one.name());
  if (below.length === 0) return program.error(`too many arguments for '${program.name()}'`);
  return program.error(`unknown command '${word}' (Did you mean one of ${below.join(", ")}?)`);
}

function descriptionOf({ summary, details }: AnyCommand): string {
  return details ? `${summary}.\n\n${details}` : `${summary}.`;
}

function argumentOf(program: Program, { name, description, optional, variadic, choices }: CommandArgument) {
  const inner = variadic ? `${name}...` : name;
  const argument = program.createArgument(optional ? `[${inner}]` : `<${inner}>`, description);
  return choices ? argument.choices(choices) : argument;
}

function optionOf({ flags, description, repeatable, choices, group }: CommandOption): Option {
  const option = new Option(flags, description);
  if (choices) option.choices(choices);
  if (group) option.helpGroup(group);
  if (repeatable) option.argParser<string[] | undefined>((value, before) => [...(before ?? []), value]);
  return option;
}

/** Commander's words, in our form: the message, and its suggestion as the remedy. */
async function usageError(text: string) {
  const { CliError } = await import("./errors.ts");
  const [, suggestion] = /\(Did you mean (.+?)\?\)/.exec(text) ?? [];
  const message = text
    .replace(/^error: /, "")
    .replace(/\s*\(Did you mean .+\?\)/, "")
    .trim();
  return new CliError("USAGE", message, {
    remedy: suggestion ? `did you mean ${suggestion}?` : "--help shows how it is written",
  });
}
