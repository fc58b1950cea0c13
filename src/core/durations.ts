const nanoseconds: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

const part = /^(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/;
const longest = 2n ** 63n - 1n;

/**
 * Nanoseconds of a Go duration such as `1.5h`, `30m10s` or `-250ms`, or undefined when the text is none.
 *
 * A bare `0` counts, any other number needs a unit; more than about 292 years is refused, as in Go.
 * Source: Receptor specification, notation.
 */
export function parseGoDuration(text: string): bigint | undefined {
  if (text.length > 200) return undefined;
  const negative = text.startsWith("-");
  let rest = /^[+-]/.test(text) ? text.slice(1) : text;
  if (rest === "0") return 0n;
  if (rest === "") return undefined;
  let total = 0n;
  while (rest !== "") {
    const [all, whole = "", fraction = "", unit = ""] = part.exec(rest) ?? [];
    const scale = nanoseconds[unit];
    if (all === undefined || scale === undefined || whole + fraction === "") return undefined;
    total += BigInt(whole || "0") * scale + (BigInt(fraction || "0") * scale) / 10n ** BigInt(fraction.length);
    rest = rest.slice(all.length);
  }
  if (total > longest) return undefined;
  return negative ? -total : total;
}

/** The text Go prints for a number of nanoseconds: `0s`, `845.1µs`, `1.234567ms`, `2.5s`, `1h2m3s`. */
export function formatGoDuration(ns: number | bigint): string {
  const value = typeof ns === "bigint" ? ns : BigInt(Math.round(ns));
  if (value === 0n) return "0s";
  return value < 0n ? `-${positive(-value)}` : positive(value);
}

function positive(ns: bigint): string {
  if (ns < 1_000n) return `${ns}ns`;
  if (ns < 1_000_000n) return `${decimal(ns, 3)}µs`;
  if (ns < 1_000_000_000n) return `${decimal(ns, 6)}ms`;
  const minutes = ns / 60_000_000_000n;
  const seconds = `${decimal(ns % 60_000_000_000n, 9)}s`;
  if (minutes === 0n) return seconds;
  return minutes < 60n ? `${minutes}m${seconds}` : `${minutes / 60n}h${minutes % 60n}m${seconds}`;
}

function decimal(value: bigint, places: number): string {
  const digits = value.toString().padStart(places + 1, "0");
  const fraction = digits.slice(-places).replace(/0+$/, "");
  const whole = digits.slice(0, -places);
  return fraction === "" ? whole : `${whole}.${fraction}`;
}
