/**
 * What a terminal has shown, without what would speak to the terminal that shows it again.
 *
 * Colours, cursor and screen pass. Strings that a terminal takes for itself (OSC, DCS, APC, PM, SOS: clipboard, title, links)
 * and questions, whose answer it would type as if a person did, are left out: what a recording holds is a stranger's.
 */
export class SafeScreen {
  #state: "text" | "escape" | "control" | "string" | "string escape" = "text";
  #control = "";

  /** What may be shown of the next part; a sequence may come in several. */
  take(text: string): string {
    let shown = "";
    for (const character of text) shown += this.#next(character);
    return shown;
  }

  #next(character: string): string {
    switch (this.#state) {
      case "text":
        return this.#text(character);
      case "escape":
        return this.#escape(character);
      case "control":
        return this.#inControl(character);
      case "string":
        if (character === "\u0007" || character === "\u009c") this.#state = "text";
        if (character === "\u001b") this.#state = "string escape";
        return "";
      case "string escape":
        this.#state = character === "\\" ? "text" : "string";
        return "";
    }
  }

  #text(character: string): string {
    if (character === "\u001b") this.#state = "escape";
    // ENQ asks; the control characters of eight bits are the sequences again, in one character.
    else if (character !== "\u0005" && !(character >= "\u0080" && character <= "\u009f")) return character;
    return "";
  }

  #escape(character: string): string {
    this.#state = "text";
    if (character === "[") {
      this.#state = "control";
      this.#control = "";
      return "";
    }
    if ("]P_^X".includes(character)) this.#state = "string";
    if (character === "\u001b") this.#state = "escape";
    // DECID is a question. Before letters of sets comes one more character, which is harmless text at worst.
    return "]P_^XZ\u001b".includes(character) ? "" : `\u001b${character}`;
  }

  #inControl(character: string): string {
    this.#control += character;
    if (this.#control.length > maxControlChars) return this.#drop();
    if (character < "@" || character > "~") return character < " " || character > "~" ? this.#drop() : "";
    const control = this.#control;
    this.#state = "text";
    return asks.test(control) ? "" : `\u001b[${control}`;
  }

  #drop(): string {
    this.#state = "text";
    return "";
  }
}

const maxControlChars = 128;
/** Device attributes and status, sizes and titles of windows, modes, versions. */
const asks = /[cntx]$|\$p$|^[>=?].*[qu]$/;
