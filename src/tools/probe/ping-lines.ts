/** An answer to a ping, or that there was none. */
export interface PingAnswer {
  /** Undefined: none. */
  readonly ms: number | undefined;
}

/** A line of `ping -n` of iputils: `64 bytes from 10.0.0.1: icmp_seq=1 ttl=64 time=0.05 ms`; undefined for any other. */
export function readPingLine(line: string): PingAnswer | undefined {
  const [, ms] = /\bicmp_seq=\d+ .*\btime[=<](\d+(?:\.\d+)?) ms/.exec(line) ?? [];
  if (ms !== undefined) return { ms: Number(ms) };
  // `-O` tells what is missing as soon as the next one goes out.
  return /^(no answer yet for icmp_seq=|From .* (Unreachable|exceeded|prohibited))/i.test(line)
    ? { ms: undefined }
    : undefined;
}

/** A line of `fping -C`: `10.0.0.1 : [0], 64 bytes, 0.05 ms (…)` or `… : [1], timed out (…)`. */
export function readFpingLine(line: string): PingAnswer | undefined {
  const [, what = ""] = /: \[\d+\], (.*)$/.exec(line) ?? [];
  const [, ms] = /^\d+ bytes, (\d+(?:\.\d+)?) ms/.exec(what) ?? [];
  if (ms !== undefined) return { ms: Number(ms) };
  return what.startsWith("timed out") ? { ms: undefined } : undefined;
}
