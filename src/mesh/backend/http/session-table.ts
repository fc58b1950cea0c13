import { createHash, randomBytes } from "node:crypto";
import type { Clock } from "#core";
import { MeshError } from "../../errors.ts";
import type { Session } from "../backend.ts";
import { ServedSession } from "./served-session.ts";

/** What a listener allows its clients. */
export interface HttpLimits {
  /** A poll is answered after this long; below the 30 to 60 s of common proxies. Default 25 s. */
  readonly holdMs: number;
  /** A client that was silent for so long has lost its session. Default 60 s. */
  readonly silenceMs: number;
  /** Sessions at once. Default 12,000. */
  readonly maxSessions: number;
  /** Sessions at once that were opened and never used. Default 1,000. */
  readonly maxUnused: number;
  /** How long such a session may stay. Default 15 s. */
  readonly unusedMs: number;
  /** How long a request may take to send its headers. Default 5 s. */
  readonly headersMs: number;
}

export const httpLimits: HttpLimits = {
  holdMs: 25_000,
  silenceMs: 60_000,
  maxSessions: 12_000,
  maxUnused: 1000,
  unusedMs: 15_000,
  headersMs: 5000,
};

/** How long the last batch of a closed session can still be fetched, in case its answer got lost. */
const lingerMs = 2000;

interface Entry {
  readonly served: ServedSession;
  /** The client's certificate: whoever shows another one has stolen the id. */
  readonly certificate: string;
  heardAt: number;
  isUsed: boolean;
}

/** The sessions of one listener. */
export class SessionTable {
  /** By the hash of the id, so that the time of a look-up tells nothing about the ids there are. */
  readonly #entries = new Map<string, Entry>();
  readonly #limits: HttpLimits;
  readonly #clock: Clock;
  readonly #accept: (session: Session) => void;
  #unused = 0;
  #isClosed = false;

  constructor(limits: HttpLimits, clock: Clock, accept: (session: Session) => void) {
    this.#limits = limits;
    this.#clock = clock;
    this.#accept = accept;
  }

  /** Make a session and give its id; undefined when there are too many. */
  open(client: Client): string | undefined {
    const isFull = this.#entries.size >= this.#limits.maxSessions || this.#unused >= this.#limits.maxUnused;
    if (isFull || this.#isClosed) return undefined;
    const id = randomBytes(16).toString("hex");
    const served = new ServedSession(client.description, client.provenNodeIds);
    const entry = { served, certificate: client.certificate, heardAt: this.#clock.elapsed(), isUsed: false };
    this.#entries.set(keyOf(id), entry);
    this.#unused++;
    void served.session.closed.then((why) => {
      const remove = (): void => this.#remove(keyOf(id), entry);
      if (why) remove();
      else setTimeout(remove, lingerMs).unref();
    });
    return id;
  }

  /** The session of a request. Its first one shows that the id has arrived: only now it is given to the mesh. */
  find(id: string, certificate: string): ServedSession | undefined {
    const entry = this.#entries.get(keyOf(id));
    if (entry?.certificate !== certificate) return undefined;
    entry.heardAt = this.#clock.elapsed();
    if (!entry.isUsed && !this.#isClosed) {
      entry.isUsed = true;
      this.#unused--;
      this.#accept(entry.served.session);
    }
    return entry.served;
  }

  /** End the sessions of clients that were silent too long. */
  expire(): void {
    const { silenceMs, unusedMs } = this.#limits;
    const now = this.#clock.elapsed();
    for (const { served, heardAt, isUsed } of this.#entries.values()) {
      const { session } = served;
      if (now - heardAt > (isUsed ? silenceMs : unusedMs))
        session.end(new MeshError("NO_CONNECTION", `${session.description} was silent too long`));
    }
  }

  /** Close every session, and wait until each has told its client or given up. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const entries = [...this.#entries.values()];
    for (const { served, isUsed } of entries) {
      if (isUsed) served.session.close();
      else served.session.end();
    }
    await Promise.all(entries.map(({ served }) => served.session.closed));
    this.#entries.clear();
  }

  #remove(key: string, entry: Entry): void {
    if (this.#entries.get(key) !== entry) return;
    this.#entries.delete(key);
    if (!entry.isUsed) this.#unused--;
  }
}

/** Who opens a session. */
export interface Client {
  readonly description: string;
  readonly provenNodeIds: readonly string[] | undefined;
  readonly certificate: string;
}

function keyOf(id: string): string {
  return createHash("sha256").update(id).digest("base64");
}
