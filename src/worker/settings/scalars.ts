/** Texts the original takes for true and false. Source: Receptor specification §5.2. */
const yes = new Set(["1", "t", "T", "Y", "true", "TRUE", "True", "yes", "Yes", "YES"]);
const no = new Set(["0", "f", "F", "N", "false", "FALSE", "False", "no", "No", "NO"]);

/** A boolean written as text. */
export function booleanIn(text: string): boolean | undefined {
  if (yes.has(text)) return true;
  return no.has(text) ? false : undefined;
}

/** A whole number written as text: `10`, `-3`, `1_000`, `0x1F`, `0b11`, and octal as `0o660` or `0660`. */
export function integerIn(text: string): bigint | undefined {
  const [, sign, prefix, digits] =
    /^([+-]?)(0[xX]|0[oO]|0[bB]|0(?=[\d_]))?_?([\da-fA-F]+(?:_[\da-fA-F]+)*)$/.exec(text) ?? [];
  if (digits === undefined || digits.length > 80) return undefined;
  const size = prefix === undefined ? undefined : baseOf(prefix);
  const bare = digits.replaceAll("_", "");
  if (!(size?.digits ?? /^\d+$/).test(bare)) return undefined;
  const value = BigInt((size?.prefix ?? "") + bare);
  return sign === "-" ? -value : value;
}

function baseOf(prefix: string): { prefix: string; digits: RegExp } {
  switch (prefix.toLowerCase()) {
    case "0x":
      return { prefix: "0x", digits: /^[\da-f]+$/i };
    case "0b":
      return { prefix: "0b", digits: /^[01]+$/ };
    default:
      return { prefix: "0o", digits: /^[0-7]+$/ };
  }
}

/** A decimal number written as text: `1`, `0.2`, `.5`, `1e3`. */
export function floatIn(text: string): number | undefined {
  return text.length < 100 && /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}

/** The text the original makes of a number or boolean: whole numbers plain, others with six decimals. */
export function textOf(value: string | bigint | number | boolean): string {
  return typeof value === "number" ? value.toFixed(6) : String(value);
}
