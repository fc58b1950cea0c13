import { tags } from "./der.ts";

/** One value from its contents, joined. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const length = contents.reduce((sum, { length }) => sum + length, 0);
  return Buffer.concat([Uint8Array.of(tag, ...lengthBytes(length)), ...contents]);
}

export function sequence(...contents: readonly Uint8Array[]): Uint8Array {
  return der(tags.sequence, ...contents);
}

/** The context-specific constructed tag `[n]`. */
export function tagged(number: number, ...contents: readonly Uint8Array[]): Uint8Array {
  return der(0xa0 + number, ...contents);
}

/** A whole number from 0 on. */
export function integer(value: number | bigint): Uint8Array {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  // A first bit of 1 would be a minus.
  return (bytes[0] ?? 0) < 0x80 ? der(tags.integer, bytes) : der(tags.integer, Uint8Array.of(0), bytes);
}

export function boolean(value: boolean): Uint8Array {
  return der(tags.boolean, Uint8Array.of(value ? 0xff : 0));
}

export function utf8(text: string): Uint8Array {
  return der(tags.utf8, Buffer.from(text));
}

/** An object identifier from its dotted form. */
export function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return der(tags.oid, Uint8Array.from([first * 40 + second, ...rest].flatMap(base128)));
}

/** A BIT STRING of whole bytes. */
export function bitString(bytes: Uint8Array): Uint8Array {
  return der(tags.bitString, Uint8Array.of(0), bytes);
}

/** A time to the second; the shorter form up to 2049, as RFC 5280 has it. */
export function time(at: Date): Uint8Array {
  const digits = at.toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  const year = at.getUTCFullYear();
  return year >= 1950 && year < 2050
    ? der(tags.utcTime, Buffer.from(digits.slice(2)))
    : der(tags.generalizedTime, Buffer.from(digits));
}

function base128(value: number): number[] {
  const bytes = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) bytes.unshift((rest % 128) + 128);
  return bytes;
}

function lengthBytes(length: number): number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return [0x80 + bytes.length, ...bytes];
}
