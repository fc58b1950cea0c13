import type { Backend, OpenBackend, Session } from "../../../src/mesh/backend/backend.ts";

/** A listener and a dialer of it, neither started. Both can be started again after they were closed. */
export interface BackendPair {
  readonly listener: Backend;
  readonly dialer: Backend;
  /** A further dialer of the same listener; without it `dialer` is started several times. */
  another?(): Backend;
  /** What was made besides the two: proxies, brokers, folders. The suite has closed the backends before. */
  close(): Promise<void> | void;
}

/** One end of a session, and what came out of it. */
export interface End {
  readonly session: Session;
  readonly messages: Uint8Array[];
  /** How often {@link SessionEvents.drained} was called. */
  drained: number;
  /** What `closed` resolved with, once per time it did. */
  readonly endings: (Error | undefined)[];
  /** Begin to receive; done at once unless the suite was asked to wait. */
  start(): void;
}

/** Marks the messages by which the suite finds both ends of a session; they are no part of a test. */
const greeting = Buffer.from("\u0000conformance greeting ");
const greetEveryMs = 100;

/** Both ends of a session. */
export interface Link {
  readonly near: End;
  readonly far: End;
}

/** A pair that runs, and the sessions that come of it. */
export class Meeting {
  readonly #open = new Set<OpenBackend>();
  readonly #dialled: End[] = [];
  readonly #accepted = new Map<string, End>();
  #timer: NodeJS.Timeout | undefined;
  #lateStart: "near" | "far" | undefined;

  /** Sessions of this side are not started until {@link End.start} is called. */
  startLate(side: "near" | "far"): void {
    this.#lateStart = side;
  }

  async listen(backend: Backend): Promise<OpenBackend> {
    return this.#add(await backend.start((session) => this.#take(session, "far")));
  }

  async dial(backend: Backend): Promise<OpenBackend> {
    this.#timer ??= setInterval(() => this.#greet(), greetEveryMs);
    return this.#add(await backend.start((session) => this.#take(session, "near")));
  }

  /** Wait until `count` living sessions have both ends; gives them all. */
  async links(count = 1): Promise<Link[]> {
    return await eventually(() => {
      const links = this.#living();
      return links.length >= count ? links : undefined;
    }, `${count} session(s) with both ends`);
  }

  async link(): Promise<Link> {
    const [link] = await this.links();
    if (!link) throw new Error("one link was waited for");
    return link;
  }

  /** Sessions the dialers got so far. */
  get dialled(): readonly End[] {
    return this.#dialled;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const open of this.#open) await open.close();
    this.#open.clear();
  }

  #add(open: OpenBackend): OpenBackend {
    this.#open.add(open);
    return open;
  }

  #take(session: Session, side: "near" | "far"): void {
    const index = this.#dialled.length;
    const receive = (message: Uint8Array): void => {
      if (!isGreeting(message)) end.messages.push(message);
      else if (side === "far") this.#accepted.set(tokenOf(message), end);
    };
    const drained = (): void => void end.drained++;
    const start = (): void => session.start({ message: receive, drained });
    const end: End = { session, messages: [], drained: 0, endings: [], start };
    void session.closed.then((why) => end.endings.push(why));
    if (side === "near") this.#dialled.push(end);
    // The listener's end must read the greeting before it can be slow: it is told apart by that.
    if (this.#lateStart !== side) start();
    if (side === "near") session.send(greetingOf(index));
    if (this.#lateStart === side && side === "far") this.#accepted.set("0", end);
  }

  #living(): Link[] {
    return this.#dialled.flatMap((near, index) => {
      const far = this.#accepted.get(String(index));
      return far && near.endings.length + far.endings.length === 0 ? [{ near, far }] : [];
    });
  }

  /** Until the far end has heard it: on a lossy road, and where a session begins with its first datagram. */
  #greet(): void {
    for (const [index, near] of this.#dialled.entries()) {
      if (!this.#accepted.has(String(index)) && near.endings.length === 0) near.session.send(greetingOf(index));
    }
  }
}

function greetingOf(index: number): Uint8Array {
  return Buffer.concat([greeting, Buffer.from(String(index))]);
}

function isGreeting(message: Uint8Array): boolean {
  return greeting.equals(message.subarray(0, greeting.length));
}

function tokenOf(message: Uint8Array): string {
  return Buffer.from(message.subarray(greeting.length)).toString();
}

/** Wait, with a generous limit, until `look` gives something. @throws when it never does, saying `what` was missing. */
export async function eventually<T>(look: () => T | undefined | false, what: string, limitMs = 30_000): Promise<T> {
  for (const since = performance.now(); performance.now() - since < limitMs; ) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`waited in vain for ${what}`);
}
