import { errorText, FarhandError } from "#core";
import { remedyFor } from "./remedies.ts";
import type { Terminal } from "./terminal.ts";

/** Where the report of a failure goes, and in which form. */
export interface FailureStyle {
  readonly json: boolean;
  /** Output of a unit went to stdout, so even JSON goes to stderr. */
  readonly stdoutTaken: boolean;
}

/**
 * Say what went wrong and what to try, and give the exit code.
 *
 * Text: `farhand: message` and one line `try: remedy` on stderr. JSON: `{"error":{"code","message","remedy"}}` on stdout;
 * an error whose message says it all has no remedy. Stacks are for us, and shown only when `FARHAND_DEBUG` is set.
 */
export function reportFailure(error: unknown, terminal: Terminal, { json, stdoutTaken }: FailureStyle): number {
  const known = error instanceof FarhandError ? error : undefined;
  const code = known?.code ?? "UNEXPECTED";
  const message = known ? errorText(error) : `unexpected: ${errorText(error)}`;
  const remedy = remedyFor(error, code);
  if (terminal.env["FARHAND_DEBUG"] && error instanceof Error && error.stack) terminal.say(error.stack);
  if (json) {
    const document = JSON.stringify({ error: { code, message, ...(remedy && { remedy }) } });
    if (stdoutTaken) terminal.say(document);
    else terminal.print(document);
  } else {
    terminal.say(`farhand: ${message.replaceAll("\n", "\n  ")}`);
    if (remedy) terminal.say(`try: ${remedy}`);
  }
  return known?.exit ?? 1;
}
