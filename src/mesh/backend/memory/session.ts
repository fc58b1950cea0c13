import type { Session, SessionEvents } from "../backend.ts";
import { Ending } from "../ending.ts";
import { Inbox } from "../inbox.ts";
import { Lane, type LaneContext } from "./lane.ts";

/** What both ends of a session in memory have in common. */
export interface MemoryLink extends LaneContext {
  readonly description: string;
  readonly maxMessageBytes: number;
  readonly isReliable: boolean;
  readonly provenNodeIds?: readonly string[] | undefined;
}

/** One end of a session in memory. */
export class MemorySession implements Session {
  readonly description: string;
  readonly isReliable: boolean;
  readonly maxMessageBytes: number;
  readonly provenNodeIds: readonly string[] | undefined;
  readonly #inbox = new Inbox();
  readonly #ending = new Ending();
  #far: MemorySession | undefined;
  #lane: Lane | undefined;

  constructor(link: MemoryLink) {
    this.description = link.description;
    this.isReliable = link.isReliable;
    this.maxMessageBytes = link.maxMessageBytes;
    this.provenNodeIds = link.provenNodeIds;
  }

  get closed(): Promise<Error | undefined> {
    return this.#ending.closed;
  }

  get queuedBytes(): number {
    return this.#lane?.bytes ?? 0;
  }

  start(events: SessionEvents): void {
    this.#inbox.start(events);
    this.#far?.farStarted();
  }

  send(message: Uint8Array): void {
    if (this.#ending.isOver || message.length === 0 || message.length > this.maxMessageBytes) return;
    this.#lane?.send(message);
    this.#inbox.queued(this.queuedBytes);
  }

  close(): void {
    if (!this.#end()) return;
    const far = this.#far;
    if (this.isReliable || !far) this.#lane?.finish(() => far?.break());
    else far.break();
  }

  /** The road is cut: over at both ends at once, whatever is on the way. */
  cut(why: Error): void {
    this.break(why);
    this.#far?.break(why);
  }

  /** Over at this end. */
  break(why?: Error): void {
    this.#end(why);
  }

  /** The other end takes messages from now on. */
  farStarted(): void {
    this.#lane?.resume();
  }

  /** Make this one end and `far` the other. */
  join(far: MemorySession, link: MemoryLink): void {
    this.#far = far;
    const inbox = far.#inbox;
    const isReliable = this.isReliable;
    const end = {
      get isFull() {
        return isReliable && inbox.isFull;
      },
      receive: (message: Uint8Array) => inbox.receive(message),
    };
    this.#lane = new Lane(link, end, (bytes) => this.#inbox.queued(bytes));
  }

  #end(why?: Error): boolean {
    this.#inbox.close();
    return this.#ending.end(why);
  }
}

/** The two ends of one session. */
export function memorySessions(link: MemoryLink): readonly [near: MemorySession, far: MemorySession] {
  const near = new MemorySession(link);
  const far = new MemorySession(link);
  near.join(far, link);
  far.join(near, link);
  return [near, far];
}
