import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const preload = pathToFileURL(join(import.meta.dirname, "turned-date.mjs")).href;

/** The wall clock of one program, which a test may turn while it runs; it stays so over the program's restarts. */
export interface ProgramClock {
  /** What to add to the program's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** From now on it shows so many milliseconds more than the machine's clock; negative: fewer. */
  turn(aheadMs: number): void;
}

/** A clock for one program. @param file where it keeps how far ahead it is. */
export function programClock(file: string): ProgramClock {
  const turn = (aheadMs: number): void => writeFileSync(file, String(aheadMs));
  turn(0);
  return { env: { NODE_OPTIONS: `--import=${preload}`, TEST_CLOCK_FILE: file }, turn };
}
