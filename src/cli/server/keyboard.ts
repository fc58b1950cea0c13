import { CliError } from "../errors.ts";
import type { Terminal } from "../terminal.ts";

/** What stands behind `stdin` of a terminal. Read only while somebody is asked: an editor may have it in between. */
interface KeyStream {
  setRawMode?(raw: boolean): unknown;
  on(event: "data", listener: (chunk: Uint8Array) => void): unknown;
  on(event: "end" | "close", listener: () => void): unknown;
  off(event: "data", listener: (chunk: Uint8Array) => void): unknown;
  off(event: "end" | "close", listener: () => void): unknown;
  pause(): unknown;
  resume(): unknown;
}

const maxChars = 4_096;

/** What came behind the line end of an answer is for the next question, whoever asks it. */
const typedAhead = new WeakMap<KeyStream, string>();

/** Asks somebody before the keyboard. The terminal is as it was after each answer. */
export interface Keyboard {
  /** @throws {CliError} `INTERRUPTED` at Ctrl-C, `NO_KEYBOARD` when the input ends. */
  ask(question: string): Promise<string>;
  /** Nothing of the answer is shown. Throws as {@link ask} does. */
  askSecretly(question: string): Promise<string>;
  /** `y` or `yes` is true, anything else is not. */
  confirm(question: string): Promise<boolean>;
}

/** Whether anybody can be asked. */
export function hasKeyboard({ stdin }: Terminal): boolean {
  return stdin.isTTY === true;
}

/** @throws {CliError} `NO_KEYBOARD` when stdin is none; `remedy` says how the answer is given instead. */
export function openKeyboard(terminal: Terminal, remedy: string): Keyboard {
  if (!hasKeyboard(terminal)) throw new CliError("NO_KEYBOARD", "there is nobody before the keyboard", { remedy });
  const stream = terminal.stdin as unknown as KeyStream;
  const ask = async (question: string, isShown: boolean): Promise<string> => {
    terminal.sayPart(question);
    const line = new Line((text) => terminal.sayPart(text), isShown);
    const text = line.take(typedAhead.get(stream) ?? "") ?? (await lineFrom(stream, line));
    typedAhead.set(stream, line.rest);
    return text;
  };
  return {
    ask: (question) => ask(question, true),
    askSecretly: (question) => ask(question, false),
    confirm: async (question) => /^y(es)?$/i.test((await ask(question, true)).trim()),
  };
}

function lineFrom(stream: KeyStream, line: Line): Promise<string> {
  const decoder = new TextDecoder();
  return new Promise<string>((resolve, reject) => {
    const settle = (act: () => void): void => {
      stream.off("data", take);
      stream.off("end", over);
      stream.off("close", over);
      stream.setRawMode?.(false);
      stream.pause();
      act();
    };
    const take = (chunk: Uint8Array): void => {
      try {
        const text = line.take(decoder.decode(chunk, { stream: true }));
        if (text !== undefined) settle(() => resolve(text));
      } catch (error) {
        settle(() => reject(error));
      }
    };
    const over = (): void => settle(() => reject(new CliError("NO_KEYBOARD", "the input ended before the answer")));
    stream.setRawMode?.(true);
    stream.on("data", take);
    stream.on("end", over);
    stream.on("close", over);
    stream.resume();
  });
}

/** A line as it is typed, with the keys that mend it. */
class Line {
  /** Typed behind its end. */
  rest = "";
  readonly #chars: string[] = [];
  readonly #echo: (text: string) => void;
  readonly #isShown: boolean;

  constructor(echo: (text: string) => void, isShown: boolean) {
    this.#echo = echo;
    this.#isShown = isShown;
  }

  /** @returns the line once it is whole. @throws {CliError} `INTERRUPTED`, `NO_KEYBOARD` */
  take(keys: string): string | undefined {
    const waiting = Array.from(keys);
    for (let key = waiting.shift(); key !== undefined; key = waiting.shift()) {
      if (key === "\r" || key === "\n") {
        this.#echo("\r\n");
        this.rest = waiting.join("");
        return this.#chars.join("");
      }
      this.#press(key);
    }
    return undefined;
  }

  #press(key: string): void {
    if (key === "\u0003") {
      this.#echo("\r\n");
      throw new CliError("INTERRUPTED", "interrupted");
    }
    if (key === "\u0004" && this.#chars.length === 0) {
      throw new CliError("NO_KEYBOARD", "the input ended before the answer");
    }
    if (key === "\u007F" || key === "\b") this.#rubOut(1);
    else if (key === "\u0015") this.#rubOut(this.#chars.length);
    else if (key >= " " && this.#chars.length < maxChars) this.#add(key);
  }

  #add(key: string): void {
    this.#chars.push(key);
    if (this.#isShown) this.#echo(key);
  }

  #rubOut(wanted: number): void {
    const count = Math.min(wanted, this.#chars.length);
    this.#chars.length -= count;
    if (this.#isShown) this.#echo("\b \b".repeat(count));
  }
}
