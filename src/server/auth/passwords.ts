import { randomBytes } from "node:crypto";
import { hash, parseOptions, verify } from "@node-rs/argon2";
import { Gate, isWellKnownPassword } from "#core";
import { ServerError } from "../errors.ts";

/** What a hash costs: kibibytes of memory, passes over it, threads. Kept with each hash (CAT-24). */
export interface PasswordCost {
  readonly memoryCost: number;
  readonly timeCost: number;
  readonly parallelism: number;
}

/** The least that CAT-24 allows: about 20 ms of one processor. */
export const passwordCost: PasswordCost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

export const minPasswordChars = 12;
/** Longer ones are sent to make us work. */
const maxPasswordChars = 1_024;

/** How a password fits a hash; `outdated`: it fits, and the hash should be made anew at today's cost. */
export type PasswordFit = "wrong" | "right" | "outdated";

/** @throws {ServerError} PASSWORD_UNFIT with the reason; the message never holds the password. @param name the user's. */
export function checkNewPassword(password: string, name: string): void {
  const characters = Array.from(password.normalize("NFC")).length;
  if (characters < minPasswordChars) throw unfit(`it has ${characters} characters; ${minPasswordChars} are the least`);
  if (characters > maxPasswordChars) throw unfit(`it has more than ${maxPasswordChars} characters`);
  if (isWellKnownPassword(password, name)) throw unfit("it is one of those that are guessed first");
}

/**
 * Passwords as argon2id hashes, two computations at a time: each takes 19 MiB, and hashing is also a way to keep a
 * server busy (CAT-27).
 */
export class Passwords {
  readonly #cost: PasswordCost;
  /** Fits no password, and takes as long to find that out as any other. */
  readonly #nobodys: string;
  readonly #gate = new Gate({
    atOnce: 2,
    waiting: 20,
    full: () => new ServerError("LOGIN_BUSY", "too many logins at once; try again in a moment"),
  });
  #computations = 0;

  constructor(cost: PasswordCost = passwordCost) {
    this.#cost = cost;
    const word = (length: number): string => randomBytes(length).toString("base64").replaceAll("=", "");
    const { memoryCost, timeCost, parallelism } = cost;
    this.#nobodys = `$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$${word(16)}$${word(32)}`;
  }

  /** How often argon2 was asked, for metrics. */
  get computations(): number {
    return this.#computations;
  }

  /** A PHC string. @throws {ServerError} LOGIN_BUSY. */
  hash(password: string, signal?: AbortSignal): Promise<string> {
    return this.#compute(() => hash(password.normalize("NFC"), this.#cost), signal);
  }

  /**
   * @param phc what {@link hash} gave; null when there is no such user, or none with a password: takes as long.
   * @throws {ServerError} LOGIN_BUSY.
   */
  async verify(password: string, phc: string | null, signal?: AbortSignal): Promise<PasswordFit> {
    const given = password.length > maxPasswordChars * 2 ? "" : password.normalize("NFC");
    const fits = await this.#compute(() => verify(phc ?? this.#nobodys, given), signal);
    if (!fits || phc === null) return "wrong";
    return this.#isOutdated(phc) ? "outdated" : "right";
  }

  #compute<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    return this.#gate.run(() => {
      this.#computations++;
      return work();
    }, signal);
  }

  #isOutdated(phc: string): boolean {
    const { memoryCost, timeCost } = parseOptions(phc);
    return !phc.startsWith("$argon2id$") || memoryCost < this.#cost.memoryCost || timeCost < this.#cost.timeCost;
  }
}

const unfit = (why: string): ServerError => new ServerError("PASSWORD_UNFIT", `the password cannot be used: ${why}`);
