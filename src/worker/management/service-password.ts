import { createHash, timingSafeEqual } from "node:crypto";
import { Gate, isWellKnownPassword } from "#core";
import { WorkerError } from "../errors.ts";
import { fitsPassword, hashPassword, isCheap, type PasswordCost } from "./argon2.ts";

/** The least that CAT-24 allows: about 20 ms of one processor. */
export const passwordCost: PasswordCost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

const minPasswordChars = 12;
/** Longer ones are sent to make us work. */
const maxPasswordChars = 1_024;

/** Where the hash is kept: a file only the service's account can read. */
export interface PasswordRecord {
  /** The PHC string; undefined when no password is set. Looked up in memory: it is asked with every request. */
  read(): string | undefined;
  write(phc: string | undefined): void | Promise<void>;
}

/** The one password of this worker (CAT-24). Two computations at a time: hashing also keeps a machine busy (CAT-27). */
export class ServicePassword {
  readonly #record: PasswordRecord;
  readonly #cost: PasswordCost;
  readonly #gate = new Gate({
    atOnce: 2,
    waiting: 20,
    full: () => new WorkerError("LOGIN_BUSY", "too many logins at once; try again in a moment"),
  });
  #computations = 0;

  constructor(record: PasswordRecord, cost: PasswordCost = passwordCost) {
    this.#record = record;
    this.#cost = cost;
  }

  get isSet(): boolean {
    return this.#record.read() !== undefined;
  }

  /** How often argon2 was asked. */
  get computations(): number {
    return this.#computations;
  }

  /** @throws {WorkerError} PASSWORD_UNFIT with the reason, never with the password; LOGIN_BUSY. */
  async set(password: string, signal?: AbortSignal): Promise<void> {
    checkNewPassword(password);
    await this.#record.write(await this.#hash(password, signal));
  }

  async clear(): Promise<void> {
    await this.#record.write(undefined);
  }

  /** Whether it is the password. One that is, and whose hash is cheaper than today's, is hashed anew. */
  async isRight(password: string, signal?: AbortSignal): Promise<boolean> {
    const stored = this.#record.read();
    if (stored === undefined || password.length > maxPasswordChars * 2) return false;
    const given = password.normalize("NFC");
    if (!(await this.#compute(() => fitsPassword(stored, given), signal))) return false;
    if (await isCheap(stored, this.#cost)) await this.#renew(stored, password, signal);
    return true;
  }

  /** Whether a text is the stored hash itself (CAT-26), found out in a time that tells nothing. */
  isStoredText(text: string): boolean {
    const stored = this.#record.read();
    return stored !== undefined && timingSafeEqual(sha256(stored), sha256(text));
  }

  async #renew(stored: string, password: string, signal: AbortSignal | undefined): Promise<void> {
    const renewed = await this.#hash(password, signal);
    // Somebody may have changed it meanwhile.
    if (this.#record.read() === stored) await this.#record.write(renewed);
  }

  #hash(password: string, signal: AbortSignal | undefined): Promise<string> {
    return this.#compute(() => hashPassword(password.normalize("NFC"), this.#cost), signal);
  }

  #compute<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    return this.#gate.run(() => {
      this.#computations++;
      return work();
    }, signal);
  }
}

/** @throws {WorkerError} PASSWORD_UNFIT. */
function checkNewPassword(password: string): void {
  const characters = Array.from(password.normalize("NFC")).length;
  if (characters < minPasswordChars) throw unfit(`it has ${characters} characters; ${minPasswordChars} are the least`);
  if (characters > maxPasswordChars) throw unfit(`it has more than ${maxPasswordChars} characters`);
  if (password.startsWith("$argon2")) throw unfit("it looks like a stored hash");
  if (isWellKnownPassword(password, "farhand")) throw unfit("it is one of those that are guessed first");
}

const unfit = (why: string): WorkerError => new WorkerError("PASSWORD_UNFIT", `the password cannot be used: ${why}`);
const sha256 = (text: string): Buffer => createHash("sha256").update(text).digest();
