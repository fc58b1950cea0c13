import { controlErrors } from "#control";
import { tlsErrors } from "#core";
import { fleetErrors } from "#fleet";
import { meshErrors } from "#mesh";
import { serverErrors } from "#server";
import { workErrors } from "#work";
import { workerErrors } from "#worker";
import type { AnyCommand, CommandOption } from "./command.ts";
import { commands } from "./commands.ts";
import { connectionOptions } from "./connection.ts";
import { cliErrors } from "./errors.ts";
import { sections, usageOf } from "./help.ts";

const preface = `# Command line

Printed from the code; do not edit by hand.

\`farhand COMMAND --help\` says the same in a terminal. What a unit writes and what a command finds out goes to stdout;
progress and prose go to stderr. An error is \`farhand: message\` and a line \`try: remedy\`, both on stderr.

With \`--json\` there is exactly one JSON document on stdout, and no prose; an error is
\`{"error":{"code","message","remedy"}}\`, the last where there is something to try. Where stdout carries a unit's output
(\`work submit -f\`, \`work results\`, \`run\`, \`units output\`) the document is on stderr and stdout is left to the output. Codes are those of [errors](errors.md).
`;

const afterword = `## Environment

| variable | meaning |
| --- | --- |
| \`FARHAND_SOCKET\`, \`RECEPTORCTL_SOCKET\` | control service to speak to, when \`--socket\` is not given |
| \`RECEPTORCTL_CONFIG\`, \`RECEPTORCTL_TLSCLIENT\` | configuration file and tls-client section, when the address is \`tls://\` |
| \`FARHAND_SERVER\` | server that is meant, when \`--server\` is not given |
| \`FARHAND_TOKEN\`, \`FARHAND_CA\` | API token for the server \`FARHAND_SERVER\` names, and the file with its authority; nobody needs to log in then |
| \`XDG_CONFIG_HOME\` | its folder \`farhand\` holds \`servers.json\`, your logins |
| \`FARHAND_DATABASE_URL\` | PostgreSQL of \`server\`, \`server backup\` and \`server restore\` |
| \`FARHAND_WORKER_SOCKET\` | management socket of the worker of this machine, when \`--socket\` is not given |
| \`WORKER_…\` | overrides of a worker's configuration: see [settings](settings.md#variables-of-the-environment) |
| \`VISUAL\`, \`EDITOR\` | editor of \`config edit\` and \`worker edit\` |
| \`XDG_STATE_HOME\` | its folder \`farhand\` holds the state of a worker on embedded defaults |
| \`FARHAND_DEBUG\` | when set, errors come with a stack |
| \`NO_COLOR\`, \`FORCE_COLOR\` | no colours; colours also where stdout is no terminal |

## Exit codes

With \`work submit -f\`, \`work results\`, \`run\` and \`units output\` the exit code is the unit's own: what its command exited with, or 128 + n when
signal n ended it. A unit that has none of its own gives one of the codes 124, 125 and 130 below. Every other failure gives
the exit code of its error; 141 is that of a reader of stdout who has gone away: the unit of a tool is cancelled then, any other
goes on. As these numbers can also be a unit's own, a program that must tell them apart reads the
document of \`--json\`: \`error\` is in it only when the number is not the unit's.

| exit | when |
| --- | --- |
| 0 | it worked; with \`-f\`: and the unit succeeded |
| 1 | a fault nobody foresaw, an error the worker answered with, or \`config check\` found faults |
`;

/** The text of `docs/cli.md`: every command, its options, and the exit codes. */
export function printCliDoc(): string {
  const parts = sections(commands).map(([title, members]) => `## ${title}\n\n${members.map(printCommand).join("\n")}`);
  return [preface, ...parts, printConnection(), afterword + printExits()].join("\n");
}

function printCommand(command: AnyCommand): string {
  const own = command.options.filter((option) => !connectionOptions.includes(option));
  const connects = own.length < command.options.length;
  const examples = command.examples.map(([line, does]) => `${line}   # ${does}`);
  return [
    `### ${command.name}`,
    "",
    `    ${usageOf(command)}`,
    "",
    `${command.summary}.${command.details ? ` ${command.details}` : ""}`,
    ...(own.length > 0 ? ["", ...optionTable(own)] : []),
    ...(connects ? ["", "Takes the [options of a connection](#options-of-a-connection) too."] : []),
    "",
    "```sh",
    ...examples,
    "```",
    "",
  ].join("\n");
}

function optionTable(options: readonly CommandOption[]): string[] {
  const rows = options.map(({ flags, description, repeatable }) => {
    return `| \`${flags}\` | ${description.replaceAll("|", "\\|")}${repeatable ? " (may be repeated)" : ""} |`;
  });
  return ["| option | meaning |", "| --- | --- |", ...rows];
}

function printConnection(): string {
  return ["## Options of a connection", "", ...optionTable(connectionOptions), ""].join("\n");
}

/** Exit codes of every room's errors; what each code means stands in docs/errors.md. */
function printExits(): string {
  const codes = Object.entries({
    ...controlErrors,
    ...fleetErrors,
    ...meshErrors,
    ...workErrors,
    ...workerErrors,
    ...serverErrors,
    ...tlsErrors,
    ...cliErrors,
  });
  const exits = [...new Set(codes.map(([, { exit }]) => exit))].filter((exit) => exit > 1).sort((a, b) => a - b);
  const rows = exits.map((exit) => {
    const names = codes.filter(([, entry]) => entry.exit === exit).map(([code]) => `\`${code}\``);
    return `| ${exit} | ${names.join(", ")} |`;
  });
  return [...rows, "| 141 | the reader of stdout went away, as with `\\| head` |", ""].join("\n");
}
