import { constants } from "node:os";

/** `SIGKILL` for 9; a number the system has no name for, as those of real time, becomes `SIG<n>`. */
export function signalName(signal: number): string {
  const found = Object.entries(constants.signals).find(([, number]) => number === signal);
  return found?.[0] ?? `SIG${signal}`;
}

/** The number of such a name; undefined for one that this machine does not know. */
export function signalNumber(name: string): number | undefined {
  const signals: Readonly<Record<string, number>> = constants.signals;
  const number = signals[name] ?? Number(/^SIG([1-9]\d?)$/.exec(name)?.[1] ?? Number.NaN);
  return number <= 64 ? number : undefined;
}
