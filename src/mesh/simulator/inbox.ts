import { Due, type VirtualTime } from "./virtual-time.ts";

/**
 * Messages reach a node in ticks of so many milliseconds, all of a tick together, as a daemon takes what has come to its
 * sockets since it looked last. It also means that the machine that simulates is done with many messages of one node
 * before it must find the next one's memory.
 */
const tickMs = 8;
/** Ticks that can be under way; no calm road is longer than all of them. */
const ticks = 64;

/** Where messages of one road arrive. */
export interface Receiver {
  arrive(message: Uint8Array): void;
}

/** Milliseconds until what is sent now over a road of that latency has arrived. */
export function msToTick(now: number, latencyMs: number): number {
  return Math.ceil((now + latencyMs) / tickMs) * tickMs - now;
}

/** What is on its way to one node over all of its roads that keep messages in order. */
export class Inbox {
  readonly #time: VirtualTime;
  readonly #arrivals: (Arrivals | undefined)[] = Array.from({ length: ticks }, () => undefined);

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  put(receiver: Receiver, message: Uint8Array, latencyMs: number): void {
    const { now } = this.#time;
    const ms = msToTick(now, latencyMs);
    const due = now + ms;
    const slot = (due / tickMs) % ticks;
    let arrivals = this.#arrivals[slot];
    if (arrivals?.due === due) return arrivals.add(receiver, message);
    arrivals = new Arrivals(due, receiver, message);
    this.#arrivals[slot] = arrivals;
    this.#time.add(ms, arrivals);
  }
}

class Arrivals extends Due {
  readonly due: number;
  /** Mostly there is one. */
  readonly #receiver: Receiver;
  #message: Uint8Array | undefined;
  #others: { readonly receivers: Receiver[]; readonly messages: Uint8Array[] } | undefined;

  constructor(due: number, receiver: Receiver, message: Uint8Array) {
    super();
    this.due = due;
    this.#receiver = receiver;
    this.#message = message;
  }

  add(receiver: Receiver, message: Uint8Array): void {
    this.#others ??= { receivers: [], messages: [] };
    this.#others.receivers.push(receiver);
    this.#others.messages.push(message);
  }

  run(): void {
    const [first, others] = [this.#message, this.#others];
    this.#message = this.#others = undefined;
    if (first) this.#receiver.arrive(first);
    if (!others) return;
    const { receivers, messages } = others;
    for (let at = 0; at < messages.length; at++) receivers[at]?.arrive(messages[at] as Uint8Array);
  }
}
