import { encodeRoutingUpdate } from "../packet/routing-update.ts";
import { Allowance } from "./allowance.ts";
import type { Environment } from "./environment.ts";
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
/** Two that can never agree (a table that is full) must not talk of nothing else, and yet not stop comparing. */
const mostMismatchesUntilSummary = 8;
/** Summaries one neighbour gets answered within one period of signs of life. */
const answersPerPeriod = 24;
/** Records compared or told to neighbours at once, and a second for long: whoever comes again and again gets less. */
const recordsBurst = 100_000;
const recordsPerSecond = 5_000;
/** Comparing a record costs so much of telling one. */
const comparing = 1 / 16;
/** How often all that is known may be told one neighbour within one such period, whatever it claims to lack. */
const tellingsPerPeriod = 2;

/** How far comparing with a neighbour is. */
export interface NeighbourProgress {
  /** Signs of life in a row that showed a difference; one counts per period. */
  mismatches: number;
  hasMismatched: boolean;
  untilSummary: number;
  answers: number;
  told: number;
}

/**
 * Keeps two Farhand neighbours knowing the same: what one missed (a lost packet, a healed partition) it gets from the
 * other, so that nothing needs to be flooded again and again for the case that somebody missed it.
 */
export class Synchronizer {
  readonly #ownId: string;
  readonly #state: LinkState;
  readonly #isTellable: (node: string, record: NodeRecord) => boolean;
  readonly #environment: Environment;
  readonly #allowance: Allowance;
  /** Most signs of life say what the last one said. */
  #sign = { digest: 0, message: encodeAlive(0) };

  /** @param isTellable of other nodes a neighbour that does not know them is told nothing. */
  constructor(
    ownId: string,
    state: LinkState,
    environment: Environment,
    isTellable: (node: string, record: NodeRecord) => boolean,
  ) {
    this.#ownId = ownId;
    this.#state = state;
    this.#isTellable = isTellable;
    this.#environment = environment;
    this.#allowance = new Allowance(recordsBurst, recordsPerSecond, environment.elapsed());
  }

  /** Compare everything, once: the link has just come up. */
  begin(link: Link): void {
    if (link.progress) return;
    link.progress = {
      mismatches: 0,
      hasMismatched: false,
      untilSummary: mismatchesUntilSummary,
      answers: 0,
      told: 0,
    };
    this.#compare(link);
  }

  /** All there is, for a neighbour that compares nothing. @returns false: not now, ask again. */
  tellAll(link: Link): boolean {
    if (!this.#mayTell(this.#state.size)) return false;
    for (const [node, record] of this.#state.records())
      if (node !== this.#ownId && node !== link.peer && this.#isTellable(node, record)) this.#tell(link, record);
    return true;
  }

  /** A sign of life once in a period, with what the neighbour needs to see whether it knows the same. */
  alive(link: Link): void {
    const { progress } = link;
    if (progress) {
      progress.answers = progress.told = 0;
      progress.hasMismatched = false;
    }
    this.sign(link);
  }

  /** A sign of life that begins no new period. */
  sign(link: Link): void {
    const { digest } = this.#state;
    if (digest !== this.#sign.digest) this.#sign = { digest, message: encodeAlive(digest) };
    link.send(this.#sign.message);
  }

  hearAlive(link: Link, digest: number): void {
    const { progress } = link;
    if (!progress) return;
    if (digest === this.#state.digest) {
      progress.mismatches = 0;
      progress.untilSummary = mismatchesUntilSummary;
      return;
    }
    if (progress.hasMismatched) return;
    progress.hasMismatched = true;
    if (++progress.mismatches < progress.untilSummary) return;
    progress.mismatches = 0;
    progress.untilSummary = Math.min(progress.untilSummary * 2, mostMismatchesUntilSummary);
    this.#compare(link);
  }

  /** Send what the neighbour lacks, and ask for what we lack. */
  hearSummary(link: Link, summary: Summary): void {
    const { progress } = link;
    if (!progress || ++progress.answers > answersPerPeriod || !this.#mayCompare()) return;
    const theirs = new Map(summary.entries.map((entry) => [entry.hash, entry]));
    const lacking = this.#lacking(link, summary, theirs);
    progress.told += lacking.length;
    if (progress.told <= tellingsPerPeriod * this.#state.size && this.#mayTell(lacking.length))
      for (const record of lacking) this.#tell(link, record);
    if (summary.wantsAnswer && theirs.size > 0) this.#sendSummary(link, summary, false);
  }

  /** What the neighbour does not know yet. What we know as well leaves `theirs`. */
  #lacking(link: Link, range: HashRange, theirs: Map<string, Age>): NodeRecord[] {
    const lacking: NodeRecord[] = [];
    for (const [node, record] of this.#state.records()) {
      if (record.hash < range.from || record.hash > range.to) continue;
      const entry = theirs.get(record.hash);
      if (entry ? isNewer(record, entry) : node !== link.peer && this.#isTellable(node, record)) lacking.push(record);
      if (entry && !isNewer(entry, record)) theirs.delete(record.hash);
    }
    return lacking;
  }

  #tell(link: Link, { update }: NodeRecord): void {
    link.send(encodeRoutingUpdate(update, this.#ownId));
  }

  #compare(link: Link): void {
    if (this.#mayCompare()) this.#sendSummary(link, allHashes, true);
  }

  #mayCompare(): boolean {
    return this.#mayTell(1 + this.#state.size * comparing);
  }

  /** What is not told now the next sign of life that differs brings up again. */
  #mayTell(records: number): boolean {
    return this.#allowance.take(records, this.#environment.elapsed());
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
