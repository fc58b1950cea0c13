import { invalidPacket } from "./message-types.ts";

/**
 * JSON in which no integer loses digits: those beyond 2^53 are read as bigint (spec §3.6), all others as number.
 *
 * Objects are maps, so no key (`__proto__`) can mean anything to the engine. Of a key that comes twice the last counts
 * and has the last place, as in Go.
 */
export type ExactJson = null | boolean | number | bigint | string | readonly ExactJson[] | ExactJsonObject;
export type ExactJsonObject = ReadonlyMap<string, ExactJson>;

/** What can be written: the same, and plain objects. Keys without a value are left out. */
export type WritableJson =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly WritableJson[]
  | ReadonlyMap<string, WritableJson>
  | { readonly [key: string]: WritableJson | undefined };

const maxDepth = 32;
const maxValues = 32_768;

/**
 * Read JSON of at most `maxBytes` bytes, 32 levels and 32,768 values. Bytes that are no UTF-8 become U+FFFD, as in Go.
 *
 * @throws {MeshError} `PACKET_INVALID`.
 */
export function parseExactJson(bytes: Uint8Array, maxBytes: number): ExactJson {
  if (bytes.length > maxBytes) throw invalidPacket(`JSON of ${bytes.length} bytes; at most ${maxBytes} are read`);
  return new Parser(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()).whole();
}

/** JSON text, bigints bit-exactly and keys as they are written. */
export function writeExactJson(value: WritableJson): string {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (isList(value)) return `[${value.map(writeExactJson).join(",")}]`;
  const entries = isMap(value) ? [...value] : Object.entries(value);
  const members = entries.flatMap(([key, member]) =>
    member === undefined ? [] : [`${JSON.stringify(key)}:${writeExactJson(member)}`],
  );
  return `{${members.join(",")}}`;
}

function isList(value: object): value is readonly WritableJson[] {
  return Array.isArray(value);
}

function isMap(value: object): value is ReadonlyMap<string, WritableJson> {
  return value instanceof Map;
}

const quote = 0x22;
const backslash = 0x5c;
/** Control characters stand in no JSON string. */
const firstSign = 0x20;

const spaces = /[ \t\n\r]*/y;
const number = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const words = new Map<string, ExactJson>([
  ["true", true],
  ["false", false],
  ["null", null],
]);
const word = /[a-z]+/y;

class Parser {
  readonly #text: string;
  #at = 0;
  #values = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): ExactJson {
    const value = this.#value(0);
    if (this.#at < this.#text.length) throw this.#fault();
    return value;
  }

  /** A value and the white space around it. */
  #value(depth: number): ExactJson {
    if (depth > maxDepth) throw invalidPacket(`JSON is nested deeper than ${maxDepth} levels`);
    if (++this.#values > maxValues) throw invalidPacket(`JSON has more than ${maxValues} values`);
    this.#take(spaces);
    const value = this.#bareValue(depth);
    this.#take(spaces);
    return value;
  }

  #bareValue(depth: number): ExactJson {
    switch (this.#text[this.#at]) {
      case "{":
        return this.#object(depth);
      case "[":
        return this.#list(depth);
      case '"':
        return this.#string();
      default:
        return this.#numberOrWord();
    }
  }

  #object(depth: number): ExactJsonObject {
    const members = new Map<string, ExactJson>();
    this.#at++;
    this.#take(spaces);
    if (this.#isNext("}")) return members;
    do {
      this.#take(spaces);
      const key = this.#string();
      this.#take(spaces);
      if (!this.#isNext(":")) throw this.#fault();
      // Deleted first, so that the last of two has the last place.
      if (members.has(key)) members.delete(key);
      members.set(key, this.#value(depth + 1));
    } while (this.#isNext(","));
    if (!this.#isNext("}")) throw this.#fault();
    return members;
  }

  #list(depth: number): readonly ExactJson[] {
    const elements: ExactJson[] = [];
    this.#at++;
    this.#take(spaces);
    if (this.#isNext("]")) return elements;
    do elements.push(this.#value(depth + 1));
    while (this.#isNext(","));
    if (!this.#isNext("]")) throw this.#fault();
    return elements;
  }

  #string(): string {
    const from = this.#at + 1;
    if (!this.#isNext('"')) throw this.#fault();
    let isPlain = true;
    for (let code = this.#code(); code !== quote; code = this.#code()) {
      // At the end of the text the code is NaN, which is no sign either.
      if (!(code >= firstSign)) throw this.#fault();
      this.#at += code === backslash ? 2 : 1;
      isPlain &&= code !== backslash;
    }
    this.#at++;
    return isPlain ? this.#text.slice(from, this.#at - 1) : this.#unescaped(this.#text.slice(from - 1, this.#at));
  }

  #code(): number {
    return this.#text.charCodeAt(this.#at);
  }

  #unescaped(quoted: string): string {
    try {
      // Half a surrogate pair becomes what it becomes in Go, so that one node id is one text everywhere.
      return (JSON.parse(quoted) as string).replaceAll(/\p{Surrogate}/gu, "\ufffd");
    } catch {
      throw this.#fault();
    }
  }

  #numberOrWord(): ExactJson {
    const digits = this.#take(number);
    if (digits) return numberOf(digits);
    const value = words.get(this.#take(word)?.[0] ?? "");
    if (value === undefined) throw this.#fault();
    return value;
  }

  #isNext(sign: string): boolean {
    if (this.#text[this.#at] !== sign) return false;
    this.#at++;
    return true;
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text) ?? undefined;
    if (found) this.#at += found[0].length;
    return found;
  }

  #fault(): Error {
    return invalidPacket(`JSON is not valid at character ${this.#at}`);
  }
}

/** Longer integers are no number of ours, and reading one of a million digits exactly takes seconds. */
const maxExactDigits = 40;

function numberOf([text, fraction, exponent]: RegExpExecArray): number | bigint {
  const value = Number(text);
  const isExact = Number.isSafeInteger(value) || fraction !== undefined || exponent !== undefined;
  return isExact || text.length > maxExactDigits ? value : BigInt(text);
}
