import { type Clock, newTotpSecret, totpStep, totpText, totpUri } from "#core";
import { WorkerError } from "../errors.ts";
import { readKept, writeKept } from "./kept-file.ts";

/** For so long a session may configure after it has shown a code, milliseconds. */
const openMs = 5 * 60_000;
/** So many wrong codes cost nothing; each further one doubles the wait, from a second to an hour. */
const freeFailures = 5;
const longestWaitMs = 60 * 60_000;
/** Sessions that may be open at once; more are not needed, and none is remembered for ever. */
const mostOpen = 1_000;

export interface OwnFactorOptions {
  /** 0600 in the state folder: it holds the secret. */
  readonly file: string;
  readonly clock: Pick<Clock, "now">;
}

interface Kept {
  /** Base64. */
  readonly secret: string;
  readonly lastStep: number;
  /** Wrong codes since the last right one, and when the last of them came. */
  readonly failures: number;
  readonly failedAt: number;
}

/**
 * The second factor of a hardened worker (CAT-70). Whoever comes from elsewhere does nothing above `operate` before a code
 * was shown that the worker checks by itself: neither the server nor who has taken it over knows the secret.
 */
export class OwnFactor {
  readonly #options: OwnFactorOptions;
  #kept: Kept | undefined;
  /** Waits for its first code. */
  #begun: Buffer | undefined;
  /** Sessions of the server, and until when they are open. */
  readonly #open = new Map<string, number>();

  /** @throws the system error, a SyntaxError: a factor that cannot be read must not count as none. */
  constructor(options: OwnFactorOptions) {
    this.#options = options;
    const text = readKept(options.file);
    this.#kept = text === undefined ? undefined : keptOf(text);
  }

  /** Whether the worker is hardened. */
  get isSet(): boolean {
    return this.#kept !== undefined;
  }

  /** A new secret, shown this once; a factor that is in force stays so until {@link confirm}. @param worker its name. */
  begin(worker: string): { readonly secret: string; readonly uri: string } {
    this.#begun = newTotpSecret();
    return { secret: totpText(this.#begun), uri: totpUri(this.#begun, "Farhand worker", worker) };
  }

  /** The device has the secret: it is in force. @throws {WorkerError} WORKER_FACTOR_REFUSED. */
  confirm(code: string): void {
    if (!this.#begun) throw refused("begin anew: there is no secret that waits for a code");
    const step = totpStep(this.#begun, plain(code), this.#options.clock.now(), 0);
    if (step === undefined) throw refused("the code is wrong; is the clock of this machine right?");
    this.#keep({ secret: this.#begun.toString("base64"), lastStep: step, failures: 0, failedAt: 0 });
    this.#begun = undefined;
    this.#open.clear();
  }

  clear(): void {
    writeKept(this.#options.file, undefined);
    this.#kept = undefined;
    this.#open.clear();
  }

  /**
   * A session shows a code, which is used up by that.
   *
   * @returns until when it is open. @throws {WorkerError} WORKER_FACTOR_REFUSED, WORKER_FACTOR_DELAYED.
   */
  show(session: string, code: string): number {
    const kept = this.#kept;
    if (!kept) throw refused("this worker has no second factor of its own");
    const now = this.#options.clock.now();
    const waitMs = waitOf(kept, now);
    if (waitMs > 0)
      throw new WorkerError("WORKER_FACTOR_DELAYED", `too many wrong codes; wait ${Math.ceil(waitMs / 1_000)} s`);
    const step = totpStep(Buffer.from(kept.secret, "base64"), plain(code), now, kept.lastStep);
    if (step === undefined) {
      this.#keep({ ...kept, failures: kept.failures + 1, failedAt: now });
      throw refused("the code is wrong, or has been used");
    }
    this.#keep({ ...kept, lastStep: step, failures: 0, failedAt: 0 });
    this.#open.delete(session);
    this.#open.set(session, now + openMs);
    const [oldest] = this.#open.keys();
    if (this.#open.size > mostOpen && oldest !== undefined) this.#open.delete(oldest);
    return now + openMs;
  }

  /** Whether this session has shown a code of late. */
  isOpenFor(session: string): boolean {
    return (this.#open.get(session) ?? 0) > this.#options.clock.now();
  }

  /** The session is over. */
  end(session: string): void {
    this.#open.delete(session);
  }

  /** Before anybody is told: a code that was taken must not count again after a restart. */
  #keep(kept: Kept): void {
    writeKept(this.#options.file, JSON.stringify(kept));
    this.#kept = kept;
  }
}

/** A clock that was set back makes nobody wait for longer than the longest. */
function waitOf({ failures, failedAt }: Kept, now: number): number {
  if (failures < freeFailures) return 0;
  const wait = Math.min(longestWaitMs, 2 ** (failures - freeFailures) * 1_000);
  return Math.min(wait, failedAt + wait - now);
}

function keptOf(text: string): Kept {
  const { secret, lastStep, failures, failedAt } = JSON.parse(text) as Partial<Kept>;
  if (typeof secret !== "string" || ![lastStep, failures, failedAt].every(Number.isSafeInteger))
    throw new SyntaxError("the file of the worker's second factor is damaged");
  return { secret, lastStep: lastStep ?? 0, failures: failures ?? 0, failedAt: failedAt ?? 0 };
}

const plain = (code: string): string => code.replaceAll(/\s/g, "");
const refused = (why: string): WorkerError => new WorkerError("WORKER_FACTOR_REFUSED", why);
