/** A set of Unicode characters, asked by code point. */
export type CharacterSet = (code: number) => boolean;

/** The characters from one to another, both included. */
export function range(from: number, to: number): CharacterSet {
  return (code) => code >= from && code <= to;
}

/** Whatever is in one of the sets. */
export function anyOf(sets: readonly CharacterSet[]): CharacterSet {
  return (code) => sets.some((has) => has(code));
}

/** Whatever is not in the set. */
export function noneOf(has: CharacterSet): CharacterSet {
  return (code) => !has(code);
}

/** Whatever is in the set in any case. */
export function inAnyCase(has: CharacterSet): CharacterSet {
  return (code) => {
    const sign = String.fromCodePoint(code);
    return has(code) || has(onlyCodeOf(sign.toLowerCase())) || has(onlyCodeOf(sign.toUpperCase()));
  };
}

/** The code of a text of one character; -1, which is in no set, of a longer one (the capital of `ß`). */
function onlyCodeOf(text: string): number {
  const code = text.codePointAt(0) ?? -1;
  return text.length === (code > 0xffff ? 2 : 1) ? code : -1;
}

const asciiClasses: ReadonlyMap<string, RegExp> = new Map([
  ["alnum", /[0-9A-Za-z]/],
  ["alpha", /[A-Za-z]/],
  ["ascii", /\p{ASCII}/u],
  ["blank", /[\t ]/],
  ["cntrl", /[^ -~\u0080-\u{10ffff}]/u],
  ["digit", /[0-9]/],
  ["graph", /[!-~]/],
  ["lower", /[a-z]/],
  ["print", /[ -~]/],
  ["punct", /[!-/:-@[-`{-~]/],
  ["space", /[\t\n\v\f\r ]/],
  ["upper", /[A-Z]/],
  ["word", /[0-9A-Za-z_]/],
  ["xdigit", /[0-9A-Fa-f]/],
  // The Perl classes, by their letters: RE2 has them in ASCII only, and no vertical tab among the spaces.
  ["d", /[0-9]/],
  ["s", /[\t\n\f\r ]/],
  ["w", /[0-9A-Za-z_]/],
]);

/** A class by its POSIX name (`alpha`) or Perl letter (`d`); undefined when there is none. */
export function asciiClass(name: string): CharacterSet | undefined {
  const pattern = asciiClasses.get(name);
  return pattern && ((code) => code >= 0 && pattern.test(String.fromCodePoint(code)));
}

/** A general category (`L`, `Lu`), script (`Greek`) or `Any`; undefined when Unicode has none of this name. */
export function unicodeClass(name: string): CharacterSet | undefined {
  if (!/^[A-Za-z_]{1,40}$/.test(name)) return undefined;
  for (const property of [name, `Script=${name}`]) {
    try {
      const pattern = new RegExp(`^\\p{${property}}$`, "u");
      return (code) => code >= 0 && pattern.test(String.fromCodePoint(code));
    } catch {
      // Not of this kind; the next may know it.
    }
  }
  return undefined;
}
