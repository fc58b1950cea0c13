import { encodeRoutingUpdate, withForwardingNode } from "../packet/routing-update.ts";
import type { Link } from "./link.ts";
import type { LinkState, NodeRecord } from "./link-state.ts";
import {
  allHashes,
  encodeAlive,
  encodeSummary,
  type HashRange,
  type Summary,
  summaries,
} from "./neighbour-messages.ts";

/** Neighbours that differ for so many signs of life in a row compare what they know. */
const mismatchesUntilSummary = 2;
/** Summaries one neighbour gets answered within one period of signs of life. */
const answersPerPeriod = 24;

interface NeighbourProgress {
  mismatches: number;
  nextSummaryAt: number;
  answers: number;
}

/**
 * Keeps two Farhand neighbours knowing the same: what one missed (a lost packet, a healed partition) it gets from the
 * other, so that nothing needs to be flooded again and again for the case that somebody missed it.
 */
export class Synchronizer {
  readonly #ownId: string;
  readonly #state: LinkState;
  readonly #reachable: () => ReadonlySet<string>;
  readonly #progress = new WeakMap<Link, NeighbourProgress>();

  /** @param reachable every node some way leads to; of others a neighbour is told nothing. */
  constructor(ownId: string, state: LinkState, reachable: () => ReadonlySet<string>) {
    this.#ownId = ownId;
    this.#state = state;
    this.#reachable = reachable;
  }

  /** Compare everything, once: the link has just come up. */
  begin(link: Link): void {
    if (this.#progress.has(link)) return;
    this.#progress.set(link, { mismatches: 0, nextSummaryAt: mismatchesUntilSummary, answers: 0 });
    this.#sendSummary(link, allHashes, true);
  }

  /** A sign of life, with what the neighbour needs to see whether it knows the same. */
  alive(link: Link): void {
    const progress = this.#progress.get(link);
    if (progress) progress.answers = 0;
    link.send(encodeAlive(this.#state.digest));
  }

  hearAlive(link: Link, digest: number): void {
    const progress = this.#progress.get(link);
    if (!progress) return;
    if (digest === this.#state.digest) {
      progress.mismatches = 0;
      progress.nextSummaryAt = mismatchesUntilSummary;
      return;
    }
    if (++progress.mismatches < progress.nextSummaryAt) return;
    // Two that can never agree (a table that is full) must not talk of nothing else.
    progress.nextSummaryAt = Math.min(progress.nextSummaryAt * 2, progress.mismatches + 64);
    this.#sendSummary(link, allHashes, true);
  }

  /** Send what the neighbour lacks, and ask for what we lack. */
  hearSummary(link: Link, summary: Summary): void {
    const progress = this.#progress.get(link);
    if (!progress || ++progress.answers > answersPerPeriod) return;
    const theirs = new Map(summary.entries.map((entry) => [entry.hash, entry]));
    const reachable = this.#reachable();
    for (const [node, record] of this.#state.records()) {
      if (record.hash < summary.from || record.hash > summary.to) continue;
      const entry = theirs.get(record.hash);
      if (entry && isNewer(record, entry)) this.#send(link, record);
      else if (!entry && node !== link.peer && (node === this.#ownId || reachable.has(node))) this.#send(link, record);
      if (entry && !isNewer(entry, record)) theirs.delete(record.hash);
    }
    if (summary.wantsAnswer && theirs.size > 0) this.#sendSummary(link, summary, false);
  }

  #send(link: Link, { update }: NodeRecord): void {
    link.send(encodeRoutingUpdate(withForwardingNode(update, this.#ownId)));
  }

  #sendSummary(link: Link, range: HashRange, wantsAnswer: boolean): void {
    const entries = this.#state.summary().filter(({ hash }) => hash >= range.from && hash <= range.to);
    for (const piece of summaries(entries, range, wantsAnswer, link.road.maxMessageBytes))
      link.send(encodeSummary(piece));
  }
}

interface Age {
  readonly epoch: bigint;
  readonly sequence: bigint;
}

function isNewer(a: Age, b: Age): boolean {
  return a.epoch === b.epoch ? a.sequence > b.sequence : a.epoch > b.epoch;
}
