import type { Clock } from "#core";

/** How far a running capture is, as the worker's tool tells it in the unit's detail. */
export interface CaptureWord {
  readonly packets: number;
  /** Packets that its kernel had no room for. */
  readonly dropped: number;
}

/** Undefined for the detail of a unit that does not say. */
export function captureWord(detail: string): CaptureWord | undefined {
  const [, packets, dropped] =
    /(\d{1,15}) packets?, \d+ bytes(?:, (\d{1,15}) dropped by the kernel)?/.exec(detail) ?? [];
  return packets === undefined ? undefined : { packets: Number(packets), dropped: Number(dropped ?? 0) };
}

/** Between two questions about a unit, milliseconds; and between two words that say nothing of loss. */
const everyMs = 2_000;
const quietEveryMs = 10_000;

interface Watched {
  askedAt: number;
  toldAt: number;
  dropped: number;
}

/** What is asked, and who is told. */
export interface CaptureWords {
  /** The detail of the worker's unit now. */
  ask(worker: string): Promise<string>;
  /** Told while it runs: at once when more was lost than before, else now and then. */
  tell(worker: string, word: CaptureWord, hasLostMore: boolean): void;
  readonly clock: Pick<Clock, "elapsed">;
}

/** Asks how far captures are, and only while their packets come: who hears nothing has nothing to miss. */
export class CaptureWatch {
  readonly #words: CaptureWords;
  readonly #watched = new Map<string, Watched>();

  constructor(words: CaptureWords) {
    this.#words = words;
  }

  /** Packets of a worker came. Resolves when it was asked, if that was due. */
  async heard(worker: string): Promise<void> {
    const now = this.#words.clock.elapsed();
    const known = this.#watched.get(worker);
    const watched = known ?? { askedAt: now, toldAt: now, dropped: 0 };
    if (!known) this.#watched.set(worker, watched);
    if (now - watched.askedAt < everyMs) return;
    watched.askedAt = now;
    // What cannot be asked now is asked again, and told at the end in any case.
    const word = captureWord(await this.#words.ask(worker).catch(() => ""));
    if (!word) return;
    const hasLostMore = word.dropped > watched.dropped;
    if (!hasLostMore && now - watched.toldAt < quietEveryMs) return;
    watched.dropped = word.dropped;
    watched.toldAt = now;
    this.#words.tell(worker, word, hasLostMore);
  }
}
