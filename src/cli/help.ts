import type { AnyCommand, CommandArgument } from "./command.ts";
import { groups } from "./commands.ts";

/** How a command is written: `farhand work submit [options] TYPE [PARAMS…]`. */
export function usageOf(command: AnyCommand): string {
  const options = command.options.length > 0 ? ["[options]"] : [];
  return ["farhand", command.name, ...options, ...(command.arguments ?? []).map(argumentText)].join(" ");
}

function argumentText({ name, optional, variadic }: CommandArgument): string {
  const text = variadic ? `${name}…` : name;
  return optional ? `[${text}]` : text;
}

/** What `farhand --help` prints: every command with an example. */
export function overview(commands: readonly AnyCommand[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length)) + 2;
  return [
    "Usage: farhand COMMAND [options]",
    "",
    "Runs units of work on this machine and on others, shows their output live, and tells the truth about how they ended.",
    ...sections(commands).flatMap(([title, members]) => ["", `${title}:`, ...members.flatMap(entry(width))]),
    "",
    "farhand COMMAND --help says more. -V, --version prints the version.",
  ].join("\n");
}

/** Commands under their group's title, in the order of the list. */
export function sections(commands: readonly AnyCommand[]): [title: string, members: AnyCommand[]][] {
  const titles = new Map<string, AnyCommand[]>();
  for (const command of commands) {
    const [first = "", second] = command.name.split(" ");
    const group = second === undefined ? undefined : groups[first];
    const title = command.title ?? group ?? "The worker and this program";
    titles.set(title, [...(titles.get(title) ?? []), command]);
  }
  return [...titles];
}

const entry =
  (width: number) =>
  ({ name, summary, examples }: AnyCommand): string[] => {
    const [example] = examples;
    return [`  ${name.padEnd(width)}${summary}`, ...(example ? [`  ${" ".repeat(width)}  ${example[0]}`] : [])];
  };
