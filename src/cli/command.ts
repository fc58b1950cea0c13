import type { Terminal } from "./terminal.ts";

/** What can stand in an argument or behind an option, for completion in shells. */
export type Completes = "file" | "work-type" | "unit";

/** A word of a command line that is no option. */
export interface CommandArgument {
  /** As in help: upper case. */
  readonly name: string;
  readonly description: string;
  readonly optional?: boolean;
  /** Takes all words that are left. */
  readonly variadic?: boolean;
  readonly completes?: Completes;
  readonly choices?: readonly string[];
}

/** An option of a command. */
export interface CommandOption {
  /** `-p, --payload <file>`; a boolean option has no `<…>`. */
  readonly flags: string;
  readonly description: string;
  /** May be given more than once; its value is a list. */
  readonly repeatable?: boolean;
  readonly choices?: readonly string[];
  readonly completes?: Completes;
  /** Heading in help; `Options` without one. */
  readonly group?: string;
}

/** What was given: words by position (a list for the variadic one), options by camel-case name. */
export interface Given<O = object> {
  readonly words: readonly (string | readonly string[] | undefined)[];
  readonly options: O;
}

/** A line to try, and what it does. */
export type Example = readonly [line: string, does: string];

/**
 * A command of `farhand`, as a value: help, completion, the printed page and the program read the list of them.
 *
 * Its file imports only types at its top: what it needs is loaded when it runs, so that help stays quick.
 */
export interface Command<O = never> {
  /** One word, or group and word: `work submit`. */
  readonly name: string;
  /** Heading in help; without one that of its group, or of the program itself. */
  readonly title?: string;
  /** One line without a full stop. */
  readonly summary: string;
  /** What the summary cannot say, for its own help. */
  readonly details?: string;
  readonly arguments?: readonly CommandArgument[];
  readonly options: readonly CommandOption[];
  readonly examples: readonly Example[];
  /** Does it and gives the exit code; nothing is 0. */
  run(given: Given<O>, terminal: Terminal): Promise<number | void>;
}

/** A command whose options nobody has looked at yet. */
export type AnyCommand = Command;

/** The option every command that prints something has. */
export const jsonOption: CommandOption = { flags: "--json", description: "print one JSON document instead of text" };

/** Options `--json` gives. */
export interface JsonOptions {
  readonly json?: true;
}
