import { type SwitchesWanted, switchName } from "#fleet";
import { CliError } from "./errors.ts";

/** What words such as `workers=off` ask for. @throws {CliError} `USAGE`. */
export function wantedSwitches(words: readonly string[]): SwitchesWanted {
  return Object.fromEntries(words.map(wantedSwitch));
}

function wantedSwitch(word: string): [name: string, isOn: boolean] {
  const [name = "", state, ...more] = word.split("=");
  const isKnown = switchName.options.some((each) => each === name);
  if (isKnown && (state === "on" || state === "off") && more.length === 0) return [name, state === "on"];
  throw new CliError("USAGE", `"${word}" switches nothing: write ${switchName.options.join(", ")} with =on or =off`);
}
