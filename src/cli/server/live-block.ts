import type { Terminal } from "../terminal.ts";

/** More lines than a small terminal has rows cannot be drawn anew: what has left the screen stays as it is. */
export const mostLines = 22;

/** Some lines that are drawn anew in their place, where stdout is a terminal; elsewhere they are printed once, at the end. */
export class LiveBlock {
  readonly #terminal: Pick<Terminal, "columns" | "print">;
  #drawn = 0;

  constructor(terminal: Pick<Terminal, "columns" | "print">) {
    this.#terminal = terminal;
  }

  /** Show these in place of those before. */
  show(lines: readonly string[]): void {
    if (this.#terminal.columns === undefined || lines.length > mostLines) return;
    this.#draw(lines);
  }

  /** The last word. */
  end(lines: readonly string[]): void {
    if (lines.length > 0) this.#draw(lines);
    this.#drawn = 0;
  }

  #draw(lines: readonly string[]): void {
    this.#terminal.print(`${this.#drawn > 0 ? `\u001B[${this.#drawn}A\u001B[J` : ""}${lines.join("\n")}`);
    this.#drawn = lines.length;
  }
}
