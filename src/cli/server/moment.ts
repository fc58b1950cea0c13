import { CliError } from "../errors.ts";

const unitsMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * A time in the past as people say it: `2h` is two hours ago, `2026-11-22` or `2026-11-22T09:30` that day or minute in the
 * zone of this machine, with `Z` at its end in UTC.
 *
 * @returns milliseconds since 1970. @throws {CliError} `USAGE`
 */
export function momentOf(text: string, now: number): number {
  const [, number, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (number !== undefined) return Math.max(0, now - Number(number) * unitsMs[unit as keyof typeof unitsMs]);
  const [, day, time, zone = ""] = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d)?))?(Z)?$/.exec(text) ?? [];
  // Without a time the language takes a day to be one of UTC.
  const at = day === undefined ? Number.NaN : Date.parse(`${day}T${time ?? "00:00"}${zone}`);
  if (at >= 0) return at;
  throw new CliError("USAGE", `"${text}" is no time`, { remedy: "write 2h for two hours ago, or 2026-11-22T09:30" });
}
