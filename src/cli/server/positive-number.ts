import { CliError } from "../errors.ts";

/** A number above 0 behind an option; `absent` when it was not given. @throws {CliError} `USAGE`. */
export function positiveNumber(option: string, text: string | undefined, absent: number): number {
  if (text === undefined) return absent;
  const number = /^\d{1,6}(\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (number > 0) return number;
  throw new CliError("USAGE", `${option}: ${text} is no number above 0`);
}
