const hexOf = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Almost every text is, and this is looked at much faster. */
const plain = /^[ -~]*$/;

/** Text of a stranger without what would steer a terminal or hide in a page: those characters become `·`. */
export function printable(text: string): string {
  if (plain.test(text)) return text;
  // Control characters of both sets, line and paragraph ends, and those which turn the direction of writing.
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "·");
}

/** Bytes as Latin-1 text: one character each, so that nothing is lost. */
export function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** Bytes as hexadecimal digits with `between` between them; at most `limit` of them, then an ellipsis. */
export function hex(bytes: Uint8Array, between = "", limit = 64): string {
  const digits: string[] = [];
  for (let at = 0; at < bytes.length && at < limit; at++) digits.push(hexOf[bytes[at] as number] as string);
  return digits.join(between) + (bytes.length > limit ? "…" : "");
}

/** `0x0800`. */
export function hexNumber(digits: number): (value: number) => string {
  return (value) => `0x${value.toString(16).padStart(digits, "0")}`;
}

/** A number by its name, with the number: `TCP (6)`. */
export function named(names: Readonly<Record<number, string>>): (value: number) => string {
  return (value) => {
    const name = Object.hasOwn(names, value) ? names[value] : undefined;
    return name === undefined ? String(value) : `${name} (${value})`;
  };
}

/** `3 bytes`. */
export function bytesText(count: number): string {
  return count === 1 ? "1 byte" : `${count} bytes`;
}
