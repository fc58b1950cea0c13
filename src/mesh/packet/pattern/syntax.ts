import { type CharacterSet, inAnyCase, noneOf, range } from "./characters.ts";
import { readClass } from "./class-syntax.ts";
import { readEscape } from "./escapes.ts";
import { Source } from "./source.ts";

/** What a pattern asks for. Groups, and greedy or not, mean nothing to a question of yes or no. */
export type Part =
  | { readonly kind: "one"; readonly of: CharacterSet }
  | { readonly kind: "all"; readonly parts: readonly Part[] }
  | { readonly kind: "either"; readonly parts: readonly Part[] }
  | { readonly kind: "repeat"; readonly part: Part; readonly min: number; readonly max: number }
  | { readonly kind: "between"; readonly holds: Between };

/** Whether a place between two characters is the right one; undefined stands for begin and end of the text. */
export type Between = (before: number | undefined, after: number | undefined) => boolean;

interface Flags {
  readonly ignoresCase: boolean;
  readonly multiline: boolean;
  readonly dotTakesNewline: boolean;
}

const maxDepth = 100;
/** RE2's own bound. */
const maxRepeats = 1000;
const newline = 10;
const isWord = (code: number | undefined): boolean =>
  code !== undefined && code < 128 && /\w/.test(String.fromCharCode(code));
const isWordEdge: Between = (before, after) => isWord(before) !== isWord(after);

/** Read a pattern in RE2's syntax. @throws {SyntaxError} that says what is wrong. */
export function readPattern(text: string): Part {
  const source = new Source(text);
  const part = readEither(source, { ignoresCase: false, multiline: false, dotTakesNewline: false }, 0);
  if (!source.isAtEnd) throw new SyntaxError("a ) closes nothing");
  return part;
}

/** Alternatives up to the end or a `)`. Flags set in one of them hold to the end of the group. */
function readEither(source: Source, outer: Flags, depth: number): Part {
  if (depth > maxDepth) throw new SyntaxError("groups are nested too deeply");
  const options: Part[][] = [[]];
  let flags = outer;
  while (!source.isAtEnd && source.peek() !== ")") {
    const set = takeFlags(source, flags);
    if (set) flags = set;
    else if (source.take("|")) options.push([]);
    else options.at(-1)?.push(...readPiece(source, flags, depth));
  }
  return { kind: "either", parts: options.map((parts): Part => ({ kind: "all", parts })) };
}

/** `(?i)`: flags for the rest of the group. */
function takeFlags(source: Source, flags: Flags): Flags | undefined {
  const [, on, off] = source.takeMatch(/\(\?([imsU]*)(?:-([imsU]+))?\)/y) ?? [];
  return on === undefined ? undefined : withFlags(flags, on, off);
}

function withFlags(flags: Flags, on = "", off = ""): Flags {
  const isOn = (letter: string, was: boolean) => !off.includes(letter) && (was || on.includes(letter));
  return {
    ignoresCase: isOn("i", flags.ignoresCase),
    multiline: isOn("m", flags.multiline),
    dotTakesNewline: isOn("s", flags.dotTakesNewline),
  };
}

/** What stands before a repetition, repeated; the text between `\Q` and `\E` is many. */
function readPiece(source: Source, flags: Flags, depth: number): Part[] {
  const parts = source.take("\\Q") ? readQuoted(source, flags) : [readAtom(source, flags, depth)];
  const last = parts.at(-1);
  const [min, max] = takeRepetition(source) ?? [];
  if (min === undefined || max === undefined) return parts;
  if (!last) throw new SyntaxError("a repetition has nothing to repeat");
  if (takeRepetition(source)) throw new SyntaxError("a repetition is repeated");
  return [...parts.slice(0, -1), { kind: "repeat", part: last, min, max }];
}

function readQuoted(source: Source, flags: Flags): Part[] {
  const parts: Part[] = [];
  while (!source.isAtEnd && !source.take("\\E")) parts.push(literal(source.next(""), flags));
  return parts;
}

/** How often, from and to; a `?` after it would make it lazy, which changes no answer. */
function takeRepetition(source: Source): readonly [min: number, max: number] | undefined {
  const found = source.takeMatch(/(?:([*+?])|\{(\d{1,9})(?:(,)(\d{1,9})?)?\})\??/y);
  if (!found) return undefined;
  const [, sign, low, comma, high] = found;
  if (sign !== undefined) return [sign === "+" ? 1 : 0, sign === "?" ? 1 : Number.POSITIVE_INFINITY];
  const min = Number(low);
  const max = comma === undefined ? min : Number(high ?? Number.POSITIVE_INFINITY);
  const isTooMany = min > maxRepeats || (high !== undefined && max > maxRepeats);
  if (isTooMany || max < min) throw new SyntaxError(`${found[0]} is no repetition`);
  return [min, max];
}

function readAtom(source: Source, flags: Flags, depth: number): Part {
  const sign = source.next("");
  switch (sign) {
    case "(":
      return readGroup(source, flags, depth);
    case "[":
      return { kind: "one", of: readClass(source, flags.ignoresCase) };
    case ".":
      return { kind: "one", of: flags.dotTakesNewline ? () => true : noneOf(range(newline, newline)) };
    case "^":
      return { kind: "between", holds: (before) => before === undefined || (flags.multiline && before === newline) };
    case "$":
      return { kind: "between", holds: (_, after) => after === undefined || (flags.multiline && after === newline) };
    case "*":
    case "+":
    case "?":
      throw new SyntaxError("a repetition has nothing to repeat");
    case "\\":
      return readEscaped(source, flags);
    default:
      return literal(sign, flags);
  }
}

function readGroup(source: Source, outer: Flags, depth: number): Part {
  const [, on, off] = source.takeMatch(/\?([imsU]*)(?:-([imsU]+))?:/y) ?? [];
  const isNamed = source.takeMatch(/\?P?<\w+>/y) !== undefined;
  if (on === undefined && !isNamed && source.peek() === "?") throw new SyntaxError("a group is of no kind RE2 has");
  const part = readEither(source, withFlags(outer, on, off), depth + 1);
  if (!source.take(")")) throw new SyntaxError("a ( is not closed");
  return part;
}

function readEscaped(source: Source, flags: Flags): Part {
  if (source.take("A")) return { kind: "between", holds: (before) => before === undefined };
  if (source.take("z")) return { kind: "between", holds: (_, after) => after === undefined };
  if (source.take("b")) return { kind: "between", holds: isWordEdge };
  if (source.take("B")) return { kind: "between", holds: (before, after) => !isWordEdge(before, after) };
  const escape = readEscape(source);
  return { kind: "one", of: "set" in escape ? escape.set : oneCharacter(escape.code, flags) };
}

function literal(sign: string, flags: Flags): Part {
  return { kind: "one", of: oneCharacter(sign.codePointAt(0) ?? 0, flags) };
}

function oneCharacter(code: number, { ignoresCase }: Flags): CharacterSet {
  const one = range(code, code);
  return ignoresCase ? inAnyCase(one) : one;
}
