import { errorText } from "#core";
import { Pattern } from "./pattern.ts";

/**
 * What a value of a rule stands for: `/regex/` for every text that all of it matches, any other for itself (spec §3.10).
 *
 * @throws {SyntaxError} `not a valid regular expression: …`.
 */
export function textMatch(value: string): (text: string) => boolean {
  if (!value.startsWith("/")) return (text) => text === value;
  const fault = `not a valid regular expression: ${value}`;
  if (value.length < 2 || !value.endsWith("/")) throw new SyntaxError(fault);
  try {
    const pattern = new Pattern(value.slice(1, -1));
    return (text) => pattern.matches(text);
  } catch (error) {
    throw new SyntaxError(`${fault} (${errorText(error)})`, { cause: error });
  }
}
