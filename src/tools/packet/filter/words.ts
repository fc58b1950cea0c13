/** A piece of a filter. `text` is what stands there, of a quoted one what is between the quotes. */
export interface FilterWord {
  readonly kind: "sign" | "word" | "quoted";
  readonly text: string;
  /** Where it begins, counted from 0. */
  readonly at: number;
}

/** What is wrong with a filter, and where. It never leaves this folder. */
export class Faulty extends Error {
  readonly at: number;

  constructor(why: string, at: number) {
    super(why);
    this.at = at;
  }
}

const piece = /\s+|(?<sign>==|!=|>=|<=|&&|\|\||[()<>!])|"(?<quoted>(?:[^"\\]|\\["\\])*)"|(?<word>[\w.:/*@-]+)/y;

/** Cut a filter into its pieces. @throws {Faulty} */
export function filterWords(text: string): FilterWord[] {
  const words: FilterWord[] = [];
  for (let at = 0; at < text.length; at = piece.lastIndex) {
    piece.lastIndex = at;
    const found = piece.exec(text)?.groups;
    if (!found) throw new Faulty(`${JSON.stringify(text[at])} means nothing`, at);
    const { sign, quoted, word } = found;
    if (sign !== undefined) words.push({ kind: "sign", text: sign, at });
    else if (quoted !== undefined) words.push({ kind: "quoted", text: quoted.replaceAll(/\\(.)/g, "$1"), at });
    else if (word !== undefined) words.push({ kind: "word", text: word, at });
  }
  return words;
}
