import { comparison, type Operator, operators } from "./comparison.ts";
import { knownFields, layerOf, type Numbered } from "./fields.ts";
import { Faulty, type FilterWord, filterWords } from "./words.ts";

/** Whether a packet is wanted. */
export type PacketFilter = (numbered: Numbered) => boolean;

const longest = 1_000;
const deepest = 50;

/**
 * Read a filter as Wireshark's display filters are written, as far as they are known here: fields compared to values, names of
 * protocols, `and` `or` `not` (`&&` `||` `!`), parentheses. `!=` holds where there is such a field and none of its values is
 * the one named.
 *
 * @returns what is wrong with it instead, and at which character, counted from 0.
 */
export function readPacketFilter(text: string): PacketFilter | { readonly fault: string; readonly at: number } {
  if (text.length > longest) return { fault: `it is longer than ${longest} characters`, at: longest };
  try {
    return new Reader(text).whole();
  } catch (error) {
    if (error instanceof Faulty) return { fault: error.message, at: error.at };
    throw error;
  }
}

/** Whether a text is meant as a filter, rather than as words to be found. */
export function looksLikeFilter(text: string): boolean {
  return /[=<>!()]|&&|\|\||(?:^|\s)(?:and|or|not|contains|eq|ne|gt|lt|ge|le)(?:\s|$)/.test(text);
}

const operatorWords: Readonly<Record<string, Operator>> = {
  ...{ eq: "==", ne: "!=", gt: ">", lt: "<", ge: ">=", le: "<=" },
};

class Reader {
  readonly #words: readonly FilterWord[];
  readonly #end: number;
  #next = 0;
  #depth = 0;

  constructor(text: string) {
    this.#words = filterWords(text);
    this.#end = text.length;
  }

  whole(): PacketFilter {
    const filter = this.#either();
    const left = this.#words[this.#next];
    if (left)
      throw new Faulty(
        `${JSON.stringify(left.text.slice(0, 60))} is not expected here: join tests by and, or`,
        left.at,
      );
    return filter;
  }

  #either(): PacketFilter {
    const parts = [this.#both()];
    while (this.#takes("or", "||")) parts.push(this.#both());
    return parts.length === 1 ? (parts[0] as PacketFilter) : (numbered) => parts.some((part) => part(numbered));
  }

  #both(): PacketFilter {
    const parts = [this.#one()];
    while (this.#takes("and", "&&")) parts.push(this.#one());
    return parts.length === 1 ? (parts[0] as PacketFilter) : (numbered) => parts.every((part) => part(numbered));
  }

  #one(): PacketFilter {
    if (++this.#depth > deepest) throw new Faulty("it is nested too deeply", this.#at);
    try {
      if (this.#takes("not", "!")) {
        const inner = this.#one();
        return (numbered) => !inner(numbered);
      }
      if (!this.#takes("(")) return this.#test();
      const inner = this.#either();
      if (!this.#takes(")")) throw new Faulty("a ) is missing", this.#at);
      return inner;
    } finally {
      this.#depth--;
    }
  }

  #test(): PacketFilter {
    const { text: name, at } = this.#word("a field or a protocol");
    const operator = this.#operator();
    const field = knownFields.get(name);
    if (!operator) {
      const layer = layerOf(name);
      if (layer !== undefined) return ({ packet }) => packet.layers.some(({ protocol }) => protocol === layer);
      if (field) return (numbered) => field.values(numbered).length > 0;
    }
    if (!field) throw new Faulty(`${JSON.stringify(name.slice(0, 60))} is no field or protocol that is known`, at);
    const value = this.#word("a value");
    const test = comparison(field.kind, operator ?? "==", value.text);
    if (typeof test === "string") throw new Faulty(`${name}: ${test}`, value.at);
    if (operator !== "!=") return (numbered) => field.values(numbered).some(test);
    return (numbered) => {
      const values = field.values(numbered);
      return values.length > 0 && !values.some(test);
    };
  }

  #operator(): Operator | undefined {
    const { kind, text = "" } = this.#words[this.#next] ?? {};
    const operator = operatorWords[text] ?? operators.find((known) => known === text);
    if (kind === "quoted" || !operator) return undefined;
    this.#next++;
    return operator;
  }

  #word(what: string): FilterWord {
    const word = this.#words[this.#next];
    if (!word || word.kind === "sign") throw new Faulty(`${what} is expected`, this.#at);
    this.#next++;
    return word;
  }

  #takes(...texts: readonly string[]): boolean {
    const word = this.#words[this.#next];
    if (!word || word.kind === "quoted" || !texts.includes(word.text)) return false;
    this.#next++;
    return true;
  }

  get #at(): number {
    return this.#words[this.#next]?.at ?? this.#end;
  }
}
