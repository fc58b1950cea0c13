import type { HopLine, TraceSummaryLine } from "./result.ts";

interface Hop {
  addresses: string[];
  /** Probes on their way, by their number. */
  readonly waiting: Set<number>;
  lost: number;
  readonly times: number[];
  /** As it was told last. */
  told: string;
}

/** Routers of one hop that share its load; more are not told. */
const maxAddresses = 8;

/**
 * What is known of a path, from events of the program that looks: a probe went out, somebody answered, nobody did. Pure.
 *
 * Each event gives the line to tell, or nothing when the hop is as it was told last, or lies behind the target.
 */
export class Hops {
  readonly #address: string;
  readonly #hops = new Map<number, Hop>();

  /** `address` is that of the target. */
  constructor(address: string) {
    this.#address = address;
  }

  /** A probe with this number went to a hop. An earlier one that has not been answered is lost, for they are sent one by one. */
  sent(hop: number, probe: number): HopLine | undefined {
    const at = this.#hop(hop);
    at.lost += at.waiting.size;
    at.waiting.clear();
    at.waiting.add(probe);
    return this.#changed(hop);
  }

  /** Who the hop is. */
  met(hop: number, address: string): HopLine | undefined {
    const at = this.#hop(hop);
    at.addresses = [address, ...at.addresses.filter((other) => other !== address)].slice(0, maxAddresses);
    return this.#changed(hop);
  }

  /** A probe was answered after so long. */
  answered(hop: number, ms: number, probe?: number): HopLine | undefined {
    const at = this.#hop(hop);
    if (probe !== undefined) at.waiting.delete(probe);
    at.times.push(ms);
    return this.#changed(hop);
  }

  /** A probe was not answered, and will not be. */
  lost(hop: number): HopLine | undefined {
    this.#hop(hop).lost++;
    return this.#changed(hop);
  }

  /** No more comes: what is on its way is lost. @returns lines of the hops that changed by it. */
  end(): HopLine[] {
    for (const at of this.#hops.values()) {
      at.lost += at.waiting.size;
      at.waiting.clear();
    }
    const lines = [...this.#hops.keys()].map((hop) => this.#changed(hop));
    return lines.filter((line) => line !== undefined);
  }

  /** How far it went. */
  summary(): Pick<TraceSummaryLine, "reached" | "hops"> {
    const answering = [...this.#hops].filter(([, { addresses }]) => addresses.length > 0).map(([hop]) => hop);
    const target = this.#targetHop();
    return { reached: target !== undefined, hops: target ?? Math.max(0, ...answering) };
  }

  #hop(hop: number): Hop {
    const known = this.#hops.get(hop);
    if (known) return known;
    const made: Hop = { addresses: [], waiting: new Set(), lost: 0, times: [], told: "" };
    this.#hops.set(hop, made);
    return made;
  }

  #targetHop(): number | undefined {
    const hops = [...this.#hops].filter(([, { addresses }]) => addresses.includes(this.#address)).map(([hop]) => hop);
    return hops.length > 0 ? Math.min(...hops) : undefined;
  }

  /** The line of a hop unless it was told already. */
  #changed(hop: number): HopLine | undefined {
    const at = this.#hop(hop);
    if (hop > (this.#targetHop() ?? hop)) return undefined;
    const line = lineOf(hop, at);
    // Who answers is told with the time it took, not before it.
    if (line.sent === 0) return undefined;
    const text = JSON.stringify(line);
    if (text === at.told) return undefined;
    at.told = text;
    return line;
  }
}

function lineOf(hop: number, { addresses, lost, times }: Hop): HopLine {
  const received = times.length;
  const sent = received + lost;
  const line = {
    type: "hop",
    hop,
    addresses: [...addresses],
    sent,
    received,
    loss: rounded(lost / Math.max(1, sent)),
  } as const;
  const lastMs = times.at(-1);
  if (lastMs === undefined) return line;
  const averageMs = rounded(times.reduce((sum, ms) => sum + ms, 0) / received);
  return { ...line, lastMs, bestMs: Math.min(...times), averageMs, worstMs: Math.max(...times) };
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
