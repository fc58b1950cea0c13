/** A time as Go writes it in JSON: RFC 3339 with a zone and up to nine digits after the second. */
export interface GoTime {
  /** As it was written. */
  readonly text: string;
  /** Since 1970 in UTC; what times are compared by. */
  readonly nanoseconds: bigint;
}

/** What Go calls the zero time. */
export const zeroTimeText = "0001-01-01T00:00:00Z";

const pattern = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,30}))?(?:Z|([+-])(\d\d):(\d\d))$/;

/** The time a text says, or undefined when it is none. Digits beyond nanoseconds are cut off, as Go does. */
export function parseGoTime(text: string): GoTime | undefined {
  const found = pattern.exec(text);
  if (!found) return undefined;
  const [, , , , , , , fraction = "", sign = "+", zoneHours = "0", zoneMinutes = "0"] = found;
  const [year = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0] = found.slice(1, 7).map(Number);
  const isClock = hours < 24 && minutes < 60 && seconds < 60 && Number(zoneHours) < 24 && Number(zoneMinutes) < 60;
  const midnight = dayOf(year, month, day);
  if (!isClock || midnight === undefined) return undefined;
  const zone = (Number(zoneHours) * 60 + Number(zoneMinutes)) * (sign === "-" ? -1 : 1);
  const milliseconds = midnight + ((hours * 60 + minutes - zone) * 60 + seconds) * 1000;
  return { text, nanoseconds: BigInt(milliseconds) * 1_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, "0")) };
}

/**
 * The time in UTC with nine digits. Clocks give whole milliseconds; `nanoseconds` (0 to 999,999) is a counter that keeps
 * two times of one millisecond apart.
 */
export function goTime(unixMilliseconds: number, nanoseconds = 0): GoTime {
  const text = `${new Date(unixMilliseconds).toISOString().slice(0, -1)}${String(nanoseconds).padStart(6, "0")}Z`;
  return { text, nanoseconds: BigInt(unixMilliseconds) * 1_000_000n + BigInt(nanoseconds) };
}

/** Midnight of a day that exists, in milliseconds since 1970. */
function dayOf(year: number, month: number, day: number): number | undefined {
  const date = new Date(0);
  // Not Date.UTC, which takes the years 0 to 99 for those of the last century.
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.getTime() : undefined;
}
