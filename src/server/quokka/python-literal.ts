/** What a literal of Python can hold, as JSON has it: keys are texts, tuples and sets are lists. */
export type PythonValue = string | number | boolean | null | readonly PythonValue[] | PythonObject;

/** A dictionary; one of its own keys may be `__proto__`. */
export interface PythonObject {
  readonly [key: string]: PythonValue;
}

const maxDepth = 40;
const maxChars = 4 * 1024 * 1024;

/**
 * Read what Python's `repr` and `pprint` write of plain data: dictionaries, lists, tuples, texts, numbers, `True`, `False`,
 * `None`. Nothing is evaluated. Texts side by side are one, as `pprint` breaks long ones.
 *
 * @returns undefined for everything else: it comes from strangers.
 */
export function readPythonLiteral(text: string): PythonValue | undefined {
  if (text.length > maxChars) return undefined;
  try {
    const reader = new Reader(text);
    const value = reader.value(0);
    return reader.isAtEnd() ? value : undefined;
  } catch (error) {
    if (error instanceof NoLiteral) return undefined;
    throw error;
  }
}

class NoLiteral extends Error {}

const words: Readonly<Record<string, boolean | null>> = { True: true, False: false, None: null };
const escapes: Readonly<Record<string, string>> = {
  ...{ n: "\n", r: "\r", t: "\t", "\\": "\\", "'": "'", '"': '"', "\n": "" },
  ...{ a: "\u0007", b: "\b", f: "\f", v: "\v" },
};
const hexDigits: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  isAtEnd(): boolean {
    this.#skip();
    return this.#at === this.#text.length;
  }

  value(depth: number): PythonValue {
    if (depth > maxDepth) throw new NoLiteral();
    this.#skip();
    const first = this.#text[this.#at] ?? "";
    if (first === "{") return this.#braces(depth);
    if (first === "[") return this.#list("]", depth).items;
    if (first === "(") return this.#parenthesis(depth);
    if (/^(?:[bu]?['"])/i.test(this.#text.slice(this.#at, this.#at + 2))) return this.#texts();
    return this.#word();
  }

  /** A dictionary, or a set. */
  #braces(depth: number): PythonValue {
    this.#at++;
    if (this.#takes("}")) return {};
    const first = this.value(depth + 1);
    if (!this.#takes(":")) return [first, ...this.#rest("}", depth).items];
    const entries: [string, PythonValue][] = [[keyOf(first), this.value(depth + 1)]];
    while (!this.#takes("}")) {
      this.#expect(",");
      if (this.#takes("}")) break;
      const key = keyOf(this.value(depth + 1));
      this.#expect(":");
      entries.push([key, this.value(depth + 1)]);
    }
    return Object.fromEntries(entries);
  }

  /** A tuple, or a value in parentheses. */
  #parenthesis(depth: number): PythonValue {
    const { items, commas } = this.#list(")", depth);
    const [only] = items;
    return items.length === 1 && commas === 0 && only !== undefined ? only : items;
  }

  #list(end: string, depth: number) {
    this.#at++;
    if (this.#takes(end)) return { items: [], commas: 0 };
    const first = this.value(depth + 1);
    const { items, commas } = this.#rest(end, depth);
    return { items: [first, ...items], commas };
  }

  /** What follows the first item. */
  #rest(end: string, depth: number): { readonly items: PythonValue[]; readonly commas: number } {
    const items: PythonValue[] = [];
    let commas = 0;
    while (!this.#takes(end)) {
      this.#expect(",");
      commas++;
      if (this.#takes(end)) break;
      items.push(this.value(depth + 1));
    }
    return { items, commas };
  }

  #texts(): string {
    const parts: string[] = [];
    do {
      if (/[bu]/i.test(this.#text[this.#at] ?? "")) this.#at++;
      parts.push(this.#quoted());
      this.#skip();
    } while (/^[bu]?['"]/i.test(this.#text.slice(this.#at, this.#at + 2)));
    return parts.join("");
  }

  #quoted(): string {
    const quote = this.#text[this.#at++];
    let read = "";
    for (;;) {
      const next = this.#text[this.#at++];
      if (next === undefined || (next === "\n" && quote !== undefined)) throw new NoLiteral();
      if (next === quote) return read;
      read += next === "\\" ? this.#escaped() : next;
    }
  }

  #escaped(): string {
    const letter = this.#text[this.#at++] ?? "";
    const digits = hexDigits[letter];
    if (digits !== undefined) {
      const hex = this.#text.slice(this.#at, this.#at + digits);
      this.#at += digits;
      const code = /^[\da-f]+$/i.test(hex) && hex.length === digits ? Number.parseInt(hex, 16) : Number.NaN;
      if (!(code <= 0x10ffff)) throw new NoLiteral();
      return String.fromCodePoint(code);
    }
    return Object.hasOwn(escapes, letter) ? (escapes[letter] ?? "") : `\\${letter}`;
  }

  #word(): PythonValue {
    const rest = /[-+\w.]{1,400}/y;
    rest.lastIndex = this.#at;
    const word = rest.exec(this.#text)?.[0] ?? "";
    this.#at += word.length;
    if (Object.hasOwn(words, word)) return words[word] ?? null;
    if (!/^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(word)) throw new NoLiteral();
    const number = Number(word);
    if (!Number.isFinite(number)) throw new NoLiteral();
    return number;
  }

  #takes(mark: string): boolean {
    this.#skip();
    if (this.#text[this.#at] !== mark) return false;
    this.#at++;
    return true;
  }

  #expect(mark: string): void {
    if (!this.#takes(mark)) throw new NoLiteral();
  }

  #skip(): void {
    while (/\s/.test(this.#text[this.#at] ?? "")) this.#at++;
  }
}

function keyOf(value: PythonValue): string {
  if (typeof value === "object" && value !== null) throw new NoLiteral();
  return String(value);
}
