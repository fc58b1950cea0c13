/** A pattern's text, read from its begin to its end. */
export class Source {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** The next character, not yet taken; empty at the end. */
  peek(): string {
    const code = this.#text.codePointAt(this.#at);
    return code === undefined ? "" : String.fromCodePoint(code);
  }

  /** Take the next character. @throws {SyntaxError} with this text at the end. */
  next(otherwise: string): string {
    const sign = this.peek();
    if (sign === "") throw new SyntaxError(otherwise);
    this.#at += sign.length;
    return sign;
  }

  /** Take this text when it comes next. */
  take(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  /** Take what the sticky expression (flag y) finds here. */
  takeMatch(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.#text) ?? undefined;
    this.#at += found?.[0].length ?? 0;
    return found;
  }
}
