import { randomBytes } from "node:crypto";
import { Secret } from "#core";
import { isTimedToken, timedToken } from "#monitor";

/** A token is asked for when a viewer connects. */
const tokenSeconds = 600;
/** Grants that are kept at once: of each maker one for a channel. */
const mostGrants = 20_000;

/** By whose right somebody watches. */
export interface GrantMaker {
  /** Of the session or API token. */
  readonly id: string;
  /**
   * Somebody begins to watch by it.
   *
   * @param cut called when the maker's rights have ended, with why. @returns to be called when the viewer has gone.
   * @throws {ServerError} CALLS_FULL.
   */
  enter(cut: (why: Error) => void): () => void;
}

interface Grant {
  readonly id: string;
  readonly channel: string;
  readonly maker: GrantMaker;
  /** Seconds since 1970. */
  until: number;
}

/**
 * Tokens that open channels, and who may watch by each. A token is a `timedToken` over the channel and the grant, a dot, and the
 * grant's id; the grants are in memory, so that none outlives its maker.
 */
export class ProgressGrants {
  /** Of this run: a token is worth nothing after it. */
  readonly #secret = new Secret(randomBytes(32).toString("hex"));
  /** By id, the one that was renewed longest ago first. */
  readonly #grants = new Map<string, Grant>();
  readonly #ofMaker = new Map<string, Map<string, Grant>>();
  readonly #most: number;

  constructor(most = mostGrants) {
    this.#most = most;
  }

  get size(): number {
    return this.#grants.size;
  }

  /** @param now seconds since 1970. @returns the token, and until when it opens the channel, seconds since 1970. */
  make(channel: string, maker: GrantMaker, now: number): { readonly token: string; readonly until: number } {
    const known = this.#ofMaker.get(maker.id)?.get(channel);
    const grant = { id: known?.id ?? randomBytes(9).toString("hex"), channel, maker, until: now + tokenSeconds };
    if (known) this.#drop(known);
    this.#add(grant);
    for (const oldest of this.#grants.values()) {
      if (this.#grants.size <= this.#most && oldest.until > now) break;
      this.#drop(oldest);
    }
    return { token: `${timedToken(this.#secret, signed(grant), grant.until)}.${grant.id}`, until: grant.until };
  }

  /** Who has given the right to watch this channel by this token; undefined: nobody. @param now seconds since 1970. */
  makerOf(channel: string, token: string | undefined, now: number): GrantMaker | undefined {
    const [, timed, id = ""] = /^(.{1,200})\.([0-9a-f]{18})$/.exec(token ?? "") ?? [];
    const grant = this.#grants.get(id);
    if (grant?.channel !== channel || !isTimedToken(this.#secret, signed(grant), timed, now)) return undefined;
    return grant.maker;
  }

  /** A session or API token is over: nobody begins to watch by it any more. */
  end(makerId: string): void {
    for (const grant of [...(this.#ofMaker.get(makerId)?.values() ?? [])]) this.#drop(grant);
  }

  #add(grant: Grant): void {
    const own = this.#ofMaker.get(grant.maker.id) ?? new Map<string, Grant>();
    this.#ofMaker.set(grant.maker.id, own.set(grant.channel, grant));
    this.#grants.set(grant.id, grant);
  }

  #drop({ id, channel, maker }: Grant): void {
    this.#grants.delete(id);
    const own = this.#ofMaker.get(maker.id);
    own?.delete(channel);
    if (own?.size === 0) this.#ofMaker.delete(maker.id);
  }
}

const signed = ({ channel, id }: Grant): string => `${channel}\n${id}`;
