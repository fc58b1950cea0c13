import { anyOf, asciiClass, type CharacterSet, inAnyCase, noneOf, range } from "./characters.ts";
import { type Escape, readEscape } from "./escapes.ts";
import type { Source } from "./source.ts";

const notClosed = "a [ is not closed";

/** Read a class in brackets whose `[` is taken. @throws {SyntaxError} */
export function readClass(source: Source, ignoresCase: boolean): CharacterSet {
  const isNegated = source.take("^");
  const sets: CharacterSet[] = [];
  // A bracket that comes first stands for itself.
  do sets.push(readMember(source));
  while (!source.take("]"));
  const set = ignoresCase ? inAnyCase(anyOf(sets)) : anyOf(sets);
  return isNegated ? noneOf(set) : set;
}

function readMember(source: Source): CharacterSet {
  const posix = source.takeMatch(/\[:(\^?)([a-z]+):\]/y);
  if (posix) return posixClass(posix);
  const first = readEnd(source);
  if ("set" in first) return first.set;
  if (!source.takeMatch(/-(?!\])/y)) return range(first.code, first.code);
  const last = readEnd(source);
  if ("set" in last || last.code < first.code) throw new SyntaxError("a range in brackets has no end or the wrong one");
  return range(first.code, last.code);
}

function posixClass([text, negation, name = ""]: RegExpExecArray): CharacterSet {
  const set = name.length > 1 ? asciiClass(name) : undefined;
  if (!set) throw new SyntaxError(`${text} names no characters`);
  return negation ? noneOf(set) : set;
}

function readEnd(source: Source): Escape {
  const sign = source.next(notClosed);
  return sign === "\\" ? readEscape(source) : { code: sign.codePointAt(0) ?? 0 };
}
