import { RootCommand, ShellCompDirective } from "@bomb.sh/tab";
import type { AnyCommand, CommandOption, Completes } from "./command.ts";
import { bashScript } from "./completion-bash.ts";
import { groups } from "./commands.ts";
import { type LiveWords, liveWords } from "./live-words.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Completion in shells. The only file that knows @bomb.sh/tab.
 *
 * Scripts call `farhand complete -- WORDS…`, which prints a line for each candidate and a last one, `:4` for no more or
 * `:0` for file names.
 */
export async function printCompletions(
  words: readonly string[],
  commands: readonly AnyCommand[],
  terminal: Terminal,
): Promise<void> {
  if (wantsFile(words, commands)) {
    terminal.print(`:${ShellCompDirective.ShellCompDirectiveDefault}`);
    return;
  }
  const live = words[0] === "work" ? await liveWords(words, terminal) : { types: [], units: [] };
  completionTree(commands, live).parse([...words]);
}

/** The script a shell sources. Bash has our own: tab's needs a package and evaluates what was typed. */
export function completionScript(shell: string): string {
  if (shell === "bash") return bashScript;
  return captured(() => new RootCommand().setup("farhand", "farhand", shell));
}

/** Tab prints its scripts; this gives them back as text. */
function captured(print: () => void): string {
  const { log } = console;
  const lines: string[] = [];
  console.log = (text: string) => void lines.push(text);
  try {
    print();
  } finally {
    console.log = log;
  }
  return lines.join("\n");
}

function completionTree(commands: readonly AnyCommand[], live: LiveWords): RootCommand {
  const root = new RootCommand();
  for (const [name, title] of Object.entries(groups)) root.command(name, title);
  for (const command of commands) {
    const node = root.command(command.name, command.summary);
    for (const option of [...command.options, helpOption]) {
      const { long, short, takesValue } = partsOf(option);
      const offer = offering(option.choices, option.completes, live);
      if (takesValue) node.option(long, option.description, offer, short);
      else if (short === undefined) node.option(long, option.description);
      else node.option(long, option.description, short);
    }
    for (const { name, choices, completes, variadic } of command.arguments ?? []) {
      node.argument(name, offering(choices, completes, live), variadic);
    }
  }
  return root;
}

const helpOption: CommandOption = { flags: "-h, --help", description: "say more" };

function offering(choices: readonly string[] | undefined, completes: Completes | undefined, live: LiveWords) {
  const live_ = completes === "work-type" ? live.types : completes === "unit" ? live.units : [];
  const words: LiveWords["types"] = choices ? choices.map((word) => ({ word, about: "" })) : live_;
  return (complete: (word: string, about: string) => void): void => {
    for (const { word, about } of words) complete(word, about);
  };
}

function partsOf({ flags }: CommandOption) {
  const [, short] = /^-([a-zA-Z]),/.exec(flags) ?? [];
  const [, long = ""] = /--([a-z-]+)/.exec(flags) ?? [];
  return { short, long, takesValue: flags.includes("<") };
}

/** Does a file name come next? Tab never lets the shell offer any, so this is decided before it is asked. */
export function wantsFile(words: readonly string[], commands: readonly AnyCommand[]): boolean {
  const command = commands.find(({ name }) => name.split(" ").every((part, at) => words[at] === part));
  const before = words.at(-2);
  const current = words.at(-1) ?? "";
  if (!command || before === undefined) return false;
  const optionOf = (word: string): CommandOption | undefined =>
    command.options.find((option) => {
      const { short, long, takesValue } = partsOf(option);
      return takesValue && (word === `-${short}` || word === `--${long}`);
    });
  const option =
    optionOf(before) ?? (current.includes("=") ? optionOf(current.slice(0, current.indexOf("="))) : undefined);
  if (option) return option.completes === "file";
  return !current.startsWith("-") && (command.arguments?.[0]?.completes ?? "") === "file";
}
