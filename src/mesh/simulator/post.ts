import { Due, type VirtualTime } from "./virtual-time.ts";

/**
 * Messages reach their nodes in ticks of so many milliseconds, all of a tick together, as a daemon takes what has come to
 * its sockets since it looked last. It also means that the machine that simulates is done with many messages of one node
 * before it must find the next one's memory.
 */
const tickMs = 8;
/** Ticks that can be under way; no calm road is longer than all of them. */
const ticks = 64;

/** Where messages of one road arrive. */
export interface Receiver {
  /** Number of the node that the messages are for, from 0. */
  readonly place: number;
  arrive(message: Uint8Array): void;
}

/** Milliseconds until what is sent now over a road of that latency has arrived. */
export function msToTick(now: number, latencyMs: number): number {
  return Math.ceil((now + latencyMs) / tickMs) * tickMs - now;
}

/** What is on its way over all roads that keep messages in order. */
export class Post {
  readonly #time: VirtualTime;
  readonly #deliveries: readonly Delivery[] = Array.from({ length: ticks }, () => new Delivery());

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  send(receiver: Receiver, message: Uint8Array, latencyMs: number): void {
    const { now } = this.#time;
    const ms = msToTick(now, latencyMs);
    const delivery = this.#deliveries[((now + ms) / tickMs) % ticks] as Delivery;
    if (delivery.add(receiver, message) === 1) this.#time.add(ms, delivery);
  }
}

/** With fewer messages than that it is not worth the while to sort them. */
const fewMessages = 256;

/** All that arrives in one tick: one node after the other, for each in the order it was sent. */
class Delivery extends Due {
  #receivers: Receiver[] = [];
  #messages: Uint8Array[] = [];

  /** @returns how many messages there are now. */
  add(receiver: Receiver, message: Uint8Array): number {
    this.#messages.push(message);
    return this.#receivers.push(receiver);
  }

  run(): void {
    const [receivers, messages] = [this.#receivers, this.#messages];
    [this.#receivers, this.#messages] = [[], []];
    if (receivers.length < fewMessages)
      for (let at = 0; at < receivers.length; at++) (receivers[at] as Receiver).arrive(messages[at] as Uint8Array);
    else for (const at of byPlace(receivers)) (receivers[at] as Receiver).arrive(messages[at] as Uint8Array);
  }
}

/** Indices of messages, sorted by the place they go to; those for one place stay in order. */
function byPlace(receivers: readonly Receiver[]): Int32Array {
  let places = 0;
  for (const { place } of receivers) places = Math.max(places, place + 1);
  const next = new Int32Array(places + 1);
  for (const { place } of receivers) next[place + 1] = (next[place + 1] as number) + 1;
  for (let place = 0; place < places; place++) next[place + 1] = (next[place + 1] as number) + (next[place] as number);
  const sorted = new Int32Array(receivers.length);
  for (const [at, { place }] of receivers.entries()) {
    sorted[next[place] as number] = at;
    next[place] = (next[place] as number) + 1;
  }
  return sorted;
}
