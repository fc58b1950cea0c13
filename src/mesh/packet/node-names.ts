import { nodeHash } from "./node-hash.ts";

/** Longest node id of a peer that is looked at, in bytes of UTF-8. */
export const maxNodeIdBytes = 255;

interface Entry {
  readonly name: string;
  readonly high: number;
  /** The next name whose hash has the same low word: about one pair among 100,000 names. */
  readonly next: Entry | undefined;
}

/**
 * The names behind node hashes, as learnt from routing updates and from what is dialled here (spec §3.5).
 *
 * A data message can be used, or even forwarded, only when both its hashes are known. {@link nameAt} answers that for
 * a relay without making a text of the hash: two words of 32 bits are found 4 times faster than a key of 8 letters and
 * 10 times faster than hex or a bigint (bench of 2026-11: 60 ns a message, against 260, 860 and 390).
 */
export class NodeNames {
  readonly #maxNames: number;
  readonly #maxGuests: number;
  readonly #byLowWord = new Map<number, Entry>();
  /** Names that are known because somebody used them, the one not used for longest first. */
  readonly #guests = new Set<string>();
  #size = 0;

  constructor(maxNames = 100_000, maxGuests = 10_000) {
    this.#maxNames = maxNames;
    this.#maxGuests = maxGuests;
  }

  /** How many names are known. */
  get size(): number {
    return this.#size;
  }

  /**
   * Remember the name of a node that is there. The first one of a hash stays; none is taken when the table is full.
   *
   * @returns true when the table holds this name now.
   */
  learn(name: string): boolean {
    this.#guests.delete(name);
    return this.#add(name, this.#size - this.#guests.size < this.#maxNames);
  }

  /**
   * Remember a name because somebody uses it, whether there is such a node or not. When many are used, the one not used
   * for longest goes: whoever invents names takes no room from nodes that are there.
   *
   * @returns as {@link learn}.
   */
  learnForNow(name: string): boolean {
    if (!this.#guests.delete(name) && this.#knows(name)) return true;
    if (!this.#add(name, true)) return false;
    this.#guests.add(name);
    const [oldest] = this.#guests;
    if (this.#guests.size > this.#maxGuests && oldest !== undefined) this.forget(oldest);
    return true;
  }

  #knows(name: string): boolean {
    return this.nameOf(nodeHash(name)) === name;
  }

  #add(name: string, hasRoom: boolean): boolean {
    const { high, low } = wordsOf(nodeHash(name));
    const first = this.#byLowWord.get(low);
    const known = find(first, high);
    if (known) return known.name === name;
    if (!hasRoom || !isNodeId(name)) return false;
    this.#byLowWord.set(low, { name, high, next: first });
    this.#size++;
    return true;
  }

  /** Forget a name, so that another may take its hash. A name that is not known does nothing. */
  forget(name: string): void {
    this.#guests.delete(name);
    const { high, low } = wordsOf(nodeHash(name));
    const first = this.#byLowWord.get(low);
    if (find(first, high)?.name !== name) return;
    const rest = without(first, high);
    if (rest) this.#byLowWord.set(low, rest);
    else this.#byLowWord.delete(low);
    this.#size--;
  }

  /** The name behind a hash of 16 hex digits. */
  nameOf(hash: string): string | undefined {
    const { high, low } = wordsOf(hash);
    return find(this.#byLowWord.get(low), high)?.name;
  }

  /** The name behind the 8 bytes at `offset` of a message; see `dataOffset`. */
  nameAt(message: Uint8Array, offset: number): string | undefined {
    return find(this.#byLowWord.get(wordAt(message, offset + 4)), wordAt(message, offset))?.name;
  }
}

/** True for what can be a node id at all: not empty and not longer than {@link maxNodeIdBytes}. */
export function isNodeId(text: string): boolean {
  if (text.length === 0 || text.length > maxNodeIdBytes) return false;
  return text.length * 3 <= maxNodeIdBytes || Buffer.byteLength(text) <= maxNodeIdBytes;
}

function find(entry: Entry | undefined, high: number): Entry | undefined {
  let found = entry;
  while (found && found.high !== high) found = found.next;
  return found;
}

function without(entry: Entry | undefined, high: number): Entry | undefined {
  if (!entry || entry.high === high) return entry?.next;
  return { ...entry, next: without(entry.next, high) };
}

// Signed words, because those are small integers to the engine and need no memory of their own as keys.
function wordsOf(hash: string): { high: number; low: number } {
  return { high: Number.parseInt(hash.slice(0, 8), 16) | 0, low: Number.parseInt(hash.slice(8), 16) | 0 };
}

function wordAt(bytes: Uint8Array, at: number): number {
  // Bytes beyond the end are undefined, which the shifts take for 0.
  return (
    (byteAt(bytes, at) << 24) | (byteAt(bytes, at + 1) << 16) | (byteAt(bytes, at + 2) << 8) | byteAt(bytes, at + 3)
  );
}

function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] as number;
}
