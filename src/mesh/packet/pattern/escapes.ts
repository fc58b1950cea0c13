import { asciiClass, type CharacterSet, noneOf, unicodeClass } from "./characters.ts";
import type { Source } from "./source.ts";

/** What follows a backslash stands for one character or for a set of them. */
export type Escape = { readonly code: number } | { readonly set: CharacterSet };

const controls: ReadonlyMap<string, number> = new Map([
  ["a", 7],
  ["t", 9],
  ["n", 10],
  ["v", 11],
  ["f", 12],
  ["r", 13],
]);

/** Read an escape whose backslash is taken. @throws {SyntaxError} when RE2 has none such. */
export function readEscape(source: Source): Escape {
  const code = readHex(source) ?? readOctal(source);
  if (code !== undefined) return { code };
  const sign = source.next("a backslash ends the pattern");
  const control = controls.get(sign);
  if (control !== undefined) return { code: control };
  const set = classOf(sign, source);
  if (set) return { set };
  if (/^[!-/:-@[-`{-~ ]$/.test(sign)) return { code: sign.charCodeAt(0) };
  throw new SyntaxError(`\\${sign} means nothing`);
}

function readHex(source: Source): number | undefined {
  const [, braced, plain] = source.takeMatch(/x(?:\{([0-9A-Fa-f]{1,8})\}|([0-9A-Fa-f]{2}))/y) ?? [];
  const digits = braced ?? plain;
  if (digits === undefined) return undefined;
  const code = Number.parseInt(digits, 16);
  if (code > 0x10ffff) throw new SyntaxError(`no character has the number ${digits}`);
  return code;
}

/** `\0` to `\777`; a single digit other than 0 would be a back reference, which RE2 has not. */
function readOctal(source: Source): number | undefined {
  const digits = source.takeMatch(/0[0-7]{0,2}|[1-7][0-7]{1,2}/y)?.[0];
  return digits === undefined ? undefined : Number.parseInt(digits, 8);
}

function classOf(sign: string, source: Source): CharacterSet | undefined {
  const lower = sign.toLowerCase();
  if (lower !== "p") return oriented(asciiClass("dsw".includes(lower) ? lower : ""), sign !== lower);
  const [, negation, braced, letter] = source.takeMatch(/\{(\^?)([A-Za-z_]+)\}|([A-Z])/y) ?? [];
  const name = braced ?? letter ?? "";
  const set = unicodeClass(name);
  if (!set) throw new SyntaxError(`\\${sign} names no characters`);
  return oriented(set, (sign === "P") !== (negation === "^"));
}

function oriented(set: CharacterSet | undefined, isNegated: boolean): CharacterSet | undefined {
  return set && isNegated ? noneOf(set) : set;
}
