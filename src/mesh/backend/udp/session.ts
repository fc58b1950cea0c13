import type { Session, SessionEvents } from "../backend.ts";
import { Ending } from "../ending.ts";
import { Inbox } from "../inbox.ts";

/** Longest datagram (spec §3.2): what IPv4 leaves of 65535. */
export const maxDatagramBytes = 65_507;

/** What waits to be sent at most, bytes; what comes on top is lost, as datagrams may be. */
const queueBytes = 4 * 1024 * 1024;

/** How a datagram leaves; `done` is called when the system has taken or refused it. */
export type SendDatagram = (datagram: Uint8Array, done: (error?: Error | null) => void) => void;

/** Messages to and from one address, a datagram each. Some may be lost, come twice or out of order. */
export class UdpSession implements Session {
  readonly description: string;
  readonly isReliable = false;
  readonly maxMessageBytes = maxDatagramBytes;
  readonly provenNodeIds = undefined;
  readonly #sendDatagram: SendDatagram;
  readonly #release: () => Promise<void>;
  readonly #inbox = new Inbox();
  readonly #ending = new Ending();
  #queued = 0;
  #isOver = false;

  /** @param release frees what the session stood on. */
  constructor(description: string, sendDatagram: SendDatagram, release: () => Promise<void>) {
    this.description = description;
    this.#sendDatagram = sendDatagram;
    this.#release = release;
  }

  get closed(): Promise<Error | undefined> {
    return this.#ending.closed;
  }

  get queuedBytes(): number {
    return this.#isOver ? 0 : this.#queued;
  }

  start(events: SessionEvents): void {
    this.#inbox.start(events);
  }

  /** A datagram came. */
  receive(datagram: Uint8Array): void {
    this.#inbox.receive(datagram);
  }

  send(message: Uint8Array): void {
    const { length } = message;
    if (this.#isOver || length === 0 || length > maxDatagramBytes || this.#queued + length > queueBytes) return;
    this.#queued += length;
    this.#sendDatagram(message, (error) => {
      this.#queued -= length;
      this.#inbox.queued(this.#queued);
      if (error && isFatal(error)) this.end(error);
    });
    this.#inbox.queued(this.#queued);
  }

  close(): void {
    this.end();
  }

  /** Over, with why. */
  end(why?: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#inbox.close();
    void this.#release().then(() => this.#ending.end(why));
  }
}

/** Nobody is there (spec §3.2), or our own socket is gone. Everything else is a datagram lost. */
function isFatal(error: Error): boolean {
  const code = "code" in error ? error.code : undefined;
  return code === "ECONNREFUSED" || code === "ERR_SOCKET_DGRAM_NOT_RUNNING" || code === "EBADF";
}
