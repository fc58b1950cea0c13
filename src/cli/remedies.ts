import { remedies, remedyThroughServer } from "#core";
import { CliError } from "./errors.ts";
import { oneLine } from "./quantities.ts";
import { ServerProblem } from "./server/problem.ts";

/** The line behind `try:`, or undefined. `ID` in it becomes that of the unit the error is about. */
export function remedyFor(error: unknown, code: string): string | undefined {
  if (error instanceof CliError && error.remedy !== undefined) return error.remedy;
  const remedy = error instanceof ServerProblem ? ofProblem(error) : remedies[code];
  return remedy?.replace(/\bID\b/, unitIn(error) ?? "ID");
}

/** A later server knows remedies that we do not; an earlier one says none. */
function ofProblem({ document, code }: ServerProblem): string | undefined {
  const { remedy } = document;
  return typeof remedy === "string" ? oneLine(remedy).slice(0, 300) : remedyThroughServer(code);
}

function unitIn(error: unknown): string | undefined {
  return error instanceof Error ? /\bunit ([a-zA-Z0-9]+)/.exec(error.message)?.[1] : undefined;
}
