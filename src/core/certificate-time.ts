import { X509Certificate } from "node:crypto";

const dayMs = 24 * 60 * 60_000;
/** An operator who renews by hand hears of it so long before. */
const soonMs = 14 * dayMs;

/**
 * What whoever checks the first certificate of `pem` will hold against its time now, or soon; undefined: nothing.
 *
 * @param now milliseconds since 1970.
 */
export function certificateTimeFault(pem: string | Buffer, now: number): string | undefined {
  const { validFrom, validTo } = new X509Certificate(pem);
  const [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
  if (now < from) return `is valid only from ${date(from)} on: is this machine's clock right?`;
  if (now >= to) return `has ended on ${date(to)}, and clients refuse it: renew it`;
  if (to - now < soonMs && to - now < (to - from) / 3) return `ends on ${date(to)}: renew it`;
  return undefined;
}

function date(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace("T", " ");
}
