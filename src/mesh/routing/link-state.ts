import type { RoutingUpdate } from "../packet/routing-update.ts";

/** The newest word of a node about itself. */
export interface NodeRecord {
  readonly update: RoutingUpdate;
  /** Hash of the node's id, 16 hex digits; what summaries name it by. */
  readonly hash: string;
  readonly epoch: bigint;
  readonly sequence: bigint;
  /** What the record adds to the digest. */
  readonly fingerprint: number;
  /** {@link Environment.elapsed} when it came. */
  readonly heardAt: number;
  /** {@link Environment.elapsed} when it was found that no way leads to the node; undefined while one does. */
  readonly lostAt: number | undefined;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** A node's id, hashed, with the age of its newest word: one line of a summary. */
export interface SummaryEntry {
  readonly hash: string;
  readonly epoch: bigint;
  readonly sequence: bigint;
}

/** Connections remembered at most, for each node that may be remembered; most nodes have fewer. */
const connectionsPerNode = 16;

/** How an update compares with what is known of its node. */
export type Freshness = "new node" | "newer" | "known";

/**
 * The newest update of every node, and one number over all of them. Two neighbours whose numbers are equal know the same,
 * so nobody needs to flood again what has not changed.
 */
export class LinkState {
  readonly #hashOf: (node: string) => string;
  readonly #maxNodes: number;
  readonly #records = new Map<string, Writable<NodeRecord>>();
  /** Nodes that no way leads to, in the order in which that was found. */
  readonly #lost = new Map<string, Writable<NodeRecord>>();
  #digest = 0;
  #connections = 0;
  #strangers = 0;

  /** @param maxNodes more nodes than these are not remembered, whoever tells of them. */
  constructor(hashOf: (node: string) => string, maxNodes: number) {
    this.#hashOf = hashOf;
    this.#maxNodes = maxNodes;
  }

  /**
   * Changes whenever a record does; the same for the same records in any order. 32 bits. Nodes that are lost do not count:
   * a newcomer is not told of them, and everybody forgets them at a time of his own.
   */
  get digest(): number {
    return this.#digest >>> 0;
  }

  get size(): number {
    return this.#records.size;
  }

  /** Whether any node is known that said nothing of being a Farhand node. */
  get hasStrangers(): boolean {
    return this.#strangers > 0;
  }

  /** Whether an update can be remembered: nodes and connections are limited, whoever tells of them. */
  hasRoomFor({ nodeId, connections }: RoutingUpdate): boolean {
    const before = this.#records.get(nodeId);
    if (!before && this.#records.size >= this.#maxNodes) return false;
    const more = connections.size - (before?.update.connections.size ?? 0);
    return more <= 0 || this.#connections + more <= this.#maxNodes * connectionsPerNode;
  }

  /** Nodes that no way leads to, the longest lost first. */
  get lost(): ReadonlyMap<string, NodeRecord> {
    return this.#lost;
  }

  /**
   * Note which nodes some way leads to, and which none.
   *
   * @param count how many that are remembered some way leads to. Mostly it says that nothing has changed.
   * @param elapsed now, see {@link NodeRecord.lostAt}.
   */
  noteReachable(isReachable: (node: string) => boolean, count: number, elapsed: number): void {
    for (const [node, record] of this.#lost) if (isReachable(node)) this.#note(node, record, undefined);
    if (count + this.#lost.size === this.#records.size) return;
    for (const [node, record] of this.#records)
      if (record.lostAt === undefined && !isReachable(node)) this.#note(node, record, elapsed);
  }

  get(node: string): NodeRecord | undefined {
    return this.#records.get(node);
  }

  records(): IterableIterator<[string, NodeRecord]> {
    return this.#records.entries();
  }

  /** Compare by epoch, then by sequence (spec §3.6, step 5). */
  freshness({ nodeId, updateEpoch, updateSequence }: RoutingUpdate): Freshness {
    const known = this.#records.get(nodeId);
    if (!known) return "new node";
    if (updateEpoch !== known.epoch) return updateEpoch > known.epoch ? "newer" : "known";
    return updateSequence > known.sequence ? "newer" : "known";
  }

  /** Remember an update in place of the one before. The caller has seen that there is room. */
  put(update: RoutingUpdate, heardAt: number): void {
    const { nodeId, updateEpoch: epoch, updateSequence: sequence } = update;
    const before = this.#records.get(nodeId);
    this.#count(before, -1);
    const hash = before?.hash ?? this.#hashOf(nodeId);
    const mark = fingerprint(hash, epoch, sequence);
    const record = { update, hash, epoch, sequence, fingerprint: mark, heardAt, lostAt: before?.lostAt };
    this.#records.set(nodeId, record);
    if (record.lostAt !== undefined) this.#lost.set(nodeId, record);
    this.#count(record, 1);
  }

  forget(node: string): void {
    this.#count(this.#records.get(node), -1);
    this.#lost.delete(node);
    this.#records.delete(node);
  }

  /** Every record, by hash, so that a summary can be sent in pieces. */
  summary(): SummaryEntry[] {
    return [...this.#records.values()].sort((a, b) => (a.hash < b.hash ? -1 : 1));
  }

  #note(node: string, record: Writable<NodeRecord>, lostAt: number | undefined): void {
    record.lostAt = lostAt;
    if (lostAt === undefined) this.#lost.delete(node);
    else this.#lost.set(node, record);
    this.#digest ^= record.fingerprint;
  }

  #count(record: NodeRecord | undefined, sign: 1 | -1): void {
    if (!record) return;
    // Adding a record and taking it away again is the same operation, so the order never matters.
    if (record.lostAt === undefined) this.#digest ^= record.fingerprint;
    this.#connections += sign * record.update.connections.size;
    if (!record.update.farhand) this.#strangers += sign;
  }
}

/** 32 well mixed bits of a record's identity and age. */
function fingerprint(hash: string, epoch: bigint, sequence: bigint): number {
  let bits = hexWord(hash, 0) ^ Math.imul(hexWord(hash, 8), 0x9e3779b1);
  bits = mix(bits ^ Number(epoch & 0xffffffffn));
  bits = mix(bits ^ Number((epoch >> 32n) & 0xffffffffn));
  return mix(bits ^ Number(sequence & 0xffffffffn));
}

/** Eight hex digits as 32 bits. */
function hexWord(hash: string, start: number): number {
  let word = 0;
  for (let at = start; at < start + 8; at++) {
    const code = hash.charCodeAt(at);
    word = (word << 4) | (code <= 0x39 ? code - 0x30 : code - 0x61 + 10);
  }
  return word;
}

function mix(bits: number): number {
  const spread = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  return Math.imul(spread ^ (spread >>> 13), 0xc2b2ae35) ^ (spread >>> 16);
}
