import { randomBytes, timingSafeEqual } from "node:crypto";
import { type Clock, systemClock } from "#core";
import { CliError } from "../errors.ts";

/** So many wrong codes, and there is none any more: 128 bits are not guessed in five tries. */
const maxGuesses = 5;
/** How long the code waits for its browser, milliseconds. */
const codeMs = 10 * 60_000;
/** How long a browser stays in, milliseconds. */
const sessionMs = 12 * 60 * 60_000;

/** What a browser is given for the code. */
export interface Entered {
  /** For a cookie that no script reads. */
  readonly cookie: string;
  /** For the page, which sends it as a header: cookies of one host go to all its ports, and this does not. */
  readonly key: string;
}

/** The one way into the local pages: a code that is good once, for one browser (CAT-19). */
export class Entry {
  readonly code = randomBytes(16).toString("base64url");
  readonly #clock: Clock;
  readonly #began: number;
  #guesses = 0;
  #session: (Entered & { readonly since: number }) | undefined;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
    this.#began = clock.elapsed();
  }

  /** @throws {CliError} LOCAL_CODE: wrong, late, or used before. */
  enter(code: unknown): Entered {
    const isOpen = !this.#session && this.#guesses < maxGuesses && this.#clock.elapsed() - this.#began < codeMs;
    if (!isOpen) throw refused("the code is not good any more");
    if (typeof code !== "string" || !isSame(code.trim(), this.code)) {
      this.#guesses++;
      throw refused("the code is wrong");
    }
    const entered = { cookie: randomBytes(32).toString("base64url"), key: randomBytes(32).toString("base64url") };
    this.#session = { ...entered, since: this.#clock.elapsed() };
    return entered;
  }

  /** Whether a request comes from the browser that was let in. @throws {CliError} LOCAL_CODE. */
  check(cookie: string | undefined, key: string | undefined): void {
    const session = this.#session;
    const isIn = session && isSame(cookie ?? "", session.cookie) && isSame(key ?? "", session.key);
    if (!isIn) throw refused("this browser was not let in");
    if (this.#clock.elapsed() - session.since > sessionMs) throw refused("this browser was let in too long ago");
  }
}

function isSame(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function refused(why: string): CliError {
  return new CliError("LOCAL_CODE", why, { remedy: "run `farhand worker ui` again: it prints a new code" });
}
