import { errorText, FarhandError } from "#core";
import { parseReceptorArgs, readSettingsFile, sectionNames, sectionRow } from "#worker";
import { runDaemon } from "./run-worker.ts";
import type { Terminal } from "./terminal.ts";
import { programVersion } from "./version.ts";

/** Receptor's own command line (spec §5.3). Faults are `Error: …` on stdout and exit code 1, as Receptor has it. */
export async function receptorProgram(words: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const request = parseReceptorArgs(words, readSettingsFile);
    switch (request.kind) {
      case "help":
        terminal.print(receptorHelp());
        return 0;
      case "version":
        terminal.print(programVersion());
        return 0;
      case "bash-completion":
        terminal.print(receptorCompletion());
        return 0;
      case "start":
        return await runDaemon(request.directives, request.files, terminal);
    }
  } catch (error) {
    if (!(error instanceof FarhandError)) throw error;
    terminal.print(errorText(error).replaceAll(/^/gm, "Error: "));
    return 1;
  }
}

function receptorHelp(): string {
  return [
    "Usage: receptor [-c FILE] [--SECTION [KEY=VALUE | VALUE]…]…",
    "",
    "  -c, --config FILE      read sections from a file, in list or map form; may be repeated",
    "  --version              print the version",
    "  --bash-completion      print a completion script for bash",
    "  --help, -h             print this",
    "",
    "Sections, with their keys (* required):",
    ...shownSections().flatMap(sectionLines),
  ].join("\n");
}

function shownSections() {
  return sectionNames.map((name) => ({ name, ...sectionRow(name) })).filter(({ hidden }) => !hidden);
}

function sectionLines({ name, description, later, fields }: ReturnType<typeof shownSections>[number]): string[] {
  const keys = Object.entries(fields).map(
    ([key, field]) => `      ${key}${field.required ? "*" : ""}: ${field.description}`,
  );
  return ["", `  --${name}: ${description}${later ? " (checked, but comes with a later version)" : ""}`, ...keys];
}

/** Sections behind `--`, files behind `-c`, and the keys of a section behind it. */
function receptorCompletion(): string {
  const cases = shownSections().map(
    ({ name, fields }) =>
      `      --${name}) words='${Object.keys(fields)
        .map((key) => `${key}=`)
        .join(" ")}' ;;`,
  );
  const sections = shownSections().map(({ name }) => `--${name}`);
  return [
    "_receptor() {",
    "  local cur=${COMP_WORDS[COMP_CWORD]} words= at",
    "  COMPREPLY=()",
    "  if [[ $cur == -* ]]; then",
    `    COMPREPLY=($(compgen -W '${["--config", "--version", "--help", ...sections].join(" ")}' -- "$cur"))`,
    "    return",
    "  fi",
    "  for ((at = COMP_CWORD - 1; at > 0; at--)); do [[ ${COMP_WORDS[at]} == -* ]] && break; done",
    "  case ${COMP_WORDS[at]} in",
    `      -c|--config) COMPREPLY=($(compgen -f -- "$cur")); return ;;`,
    ...cases,
    "  esac",
    `  COMPREPLY=($(compgen -W "$words" -- "$cur"))`,
    "  [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace",
    "}",
    "complete -F _receptor receptor",
  ].join("\n");
}
