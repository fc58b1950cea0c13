/**
 * What a terminal has shown, without what would speak to the terminal that shows it again.
 *
 * Text, colours, cursor and screen pass, and nothing else: what a recording holds is a stranger's, and terminals understand
 * more than anybody lists. So strings that a terminal takes for itself are left out (OSC, DCS, APC, PM, SOS: clipboard, title,
 * links), questions, whose answer it would type as if a person did, and what makes it type for mouse and keys.
 */
export class SafeScreen {
  #state: State = "text";
  /** What there is of a sequence. */
  #sequence = "";

  /** What may be shown of the next part; a sequence may come in several. */
  take(text: string): string {
    let shown = "";
    for (const character of text) shown += this.#next(character);
    return shown;
  }

  #next(character: string): string {
    // It begins anew wherever it stands; in a string as well, or whoever does not end one would hide what comes behind it.
    if (character === "\u001b") return this.#go("escape");
    switch (this.#state) {
      case "text":
        return character === "\u0005" || isEightBit(character) ? "" : character;
      case "escape":
        return this.#escape(character);
      case "set":
        return this.#inSequence(character, "0", sets);
      case "control":
        return this.#inSequence(character, "@", controls);
      case "string":
        return endsString.has(character) || isEightBit(character) ? this.#go("text") : "";
    }
  }

  #escape(character: string): string {
    if (character === "[") return this.#go("control");
    if ("]P_^X".includes(character)) return this.#go("string");
    if (character >= " " && character <= "/") {
      this.#go("set");
      this.#sequence = character;
      return "";
    }
    this.#go("text");
    return escapes.test(character) ? `\u001b${character}` : "";
  }

  /** @param first of the characters that end it. */
  #inSequence(character: string, first: string, shownOf: (sequence: string) => string): string {
    this.#sequence += character;
    if (character < " " || character > "~" || this.#sequence.length > maxSequenceChars) return this.#go("text");
    if (character < first) return "";
    const sequence = this.#sequence;
    this.#go("text");
    return shownOf(sequence);
  }

  #go(state: State): "" {
    this.#state = state;
    this.#sequence = "";
    return "";
  }
}

type State = "text" | "escape" | "set" | "control" | "string";

const maxSequenceChars = 128;
/** The control characters of eight bits: the sequences again, in one character. */
const isEightBit = (character: string): boolean => character >= "\u0080" && character <= "\u009f";
/** BEL; CAN and SUB give it up. */
const endsString: ReadonlySet<string> = new Set(["\u0007", "\u0018", "\u001a"]);
/** Cursor kept and put back, reset, lines up and down, tabs, sets of characters. */
const escapes = /^[78cDEHMNOno|}~]$/;
const setShown = /^(?:[()*+./-]["%&]?[0-~]|#[34568])$/;
/** Cursor, erasing, inserting, scrolling, colours, margins; the cursor's shape; a soft reset; insertion. */
const controlShown = /^(?:[\d;:]*[@A-MPSTXZ`abdefgmrsu]|\?[\d;]*[JK]|\d* q|!p|4[hl])$/;
/** Of the screen alone: its colours, origin, wrapping, margins, its cursor and the other screen. */
const screenModes = new Set(["5", "6", "7", "12", "25", "45", "47", "69", "1047", "1048", "1049"]);

const sets = (set: string): string => (setShown.test(set) ? `\u001b${set}` : "");

function controls(control: string): string {
  if (controlShown.test(control)) return `\u001b[${control}`;
  const [, modes = "", switched = ""] = /^\?([\d;]+)([hl])$/.exec(control) ?? [];
  const shown = modes.split(";").filter((mode) => screenModes.has(mode));
  return shown.length === 0 ? "" : `\u001b[?${shown.join(";")}${switched}`;
}
